"""Trained networks for MNIST-1D, measured on inputs whose labels no student has.

The network in the kernel answers for validation inputs, the course's withheld test inputs and newly made ones, all
shuffled together; labels stay here. What the notebook printed is never believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assignments.asking import Ask, Call, Got
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.probes import as_probe, failed, missing_name, no_value
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.comparators.thresholds import Band, judge_bands
from reference.frozen import frozen
from reference.implementations import mnist1d, torch_layers
from reference.implementations.torch_layers import Layer
from reference.plain import Plain

FRESH = 2000
PART_BAND = 1.0  # percentage points above the baseline that still earn a part
PART = 0.25
# Validation and unseen error differ by chance: with 2000 and 4000 examples the standard deviation is 1.3 points, so
# five of them, and 1.4 points more for choosing settings by the validation error.
MOST_GAP = 8.0
MOST_LAYERS = 200
# The order of sums in another number of threads moves the unmodified network's error by as much, in percentage points.
ROUNDING = 0.35

_ANSWERS = """
def _probe(inputs, channel):
    import __main__, torch
    model = __main__.model
    modules = list(model.modules())
    before = [module.training for module in modules]
    model.eval()
    try:
        with torch.no_grad():
            x = torch.tensor(inputs)
            outputs = model(x[:, None, :] if channel else x)
        described = []
        for module in modules:
            if list(module.children()):
                continue
            arrays = {name: value.detach().numpy() for name, value in module.named_parameters()}
            arrays.update({name: value.numpy() for name, value in module.named_buffers() if value.dim() == 1})
            settings = {}
            for name in ('stride', 'padding', 'dilation', 'kernel_size', 'groups'):
                value = getattr(module, name, None)
                settings[name] = value[0] if isinstance(value, tuple) else value
            for name in ('negative_slope', 'alpha', 'eps', 'p'):
                settings[name] = getattr(module, name, None)
            settings = {name: float(v) for name, v in settings.items() if isinstance(v, (int, float))}
            described.append([type(module).__name__, arrays, settings])
    finally:
        for module, training in zip(modules, before):
            module.training = training
    return outputs, type(model).__name__, described
"""
SHOWN = "model(inputs)"


@dataclass(frozen=True, eq=False)
class Answered:
    """`x` (n, 40) is what was sent, `logits` (n, 10) what came; errors are in percent."""

    x: Floats
    logits: Floats
    kind: str
    layers: tuple[Layer, ...]
    validation_error: float
    unseen_error: float


def ask_model(ask: Ask, *, channel: bool) -> Answered | Outcome:
    """The network's answers, or an outcome that says why there are none. `channel`: inputs are (n, 1, 40)."""
    gone = missing_name(ask, ["model"])
    if gone is not None:
        return gone
    known, test, fresh = mnist1d.validation(), mnist1d.withheld(), mnist1d.fresh(ask.rng, FRESH)
    x = np.concatenate([known.x, test.x, fresh.x]).astype(np.float32)
    y = np.concatenate([known.y, test.y, fresh.y])
    order = ask.rng.permutation(len(y))
    replies = ask.calls([Call(SHOWN, (x[order], channel), given=as_probe(SHOWN, _ANSWERS))])
    stopped = no_value(replies, SHOWN)
    if stopped is not None:
        return stopped
    value = replies[0].value if isinstance(replies[0], Got) else None
    if not isinstance(value, tuple) or len(value) != 3:
        return failed("`model` is no network whose answers can be read.", "unreadable-result")
    numbers = to_numbers(value[0])
    if not isinstance(numbers, Numbers) or numbers.array.shape != (len(y), mnist1d.CLASSES):
        return failed("`model` does not give ten outputs for every input.", "wrong-shape")
    if not np.all(np.isfinite(numbers.array)):
        return failed("`model` gives NaN or infinity: the training has run away.", "nan")
    wrong = np.argmax(numbers.array, axis=1) != y[order]
    is_known = order < len(known.y)
    return Answered(
        x[order].astype(np.float64),
        numbers.array,
        str(value[1])[:80],
        _layers(value[2]),
        100.0 * float(np.mean(wrong[is_known])),
        100.0 * float(np.mean(wrong[~is_known])),
    )


def judge_validation_error(ask: Ask, answered: Answered, *, unchanged: bool = False) -> Outcome:
    """All points below the baseline, a quarter up to one point above, none for a validation set learned by heart.

    `unchanged`: everything that can be seen of network and training is as it was handed out. Then an error that differs
    from the baseline by rounding alone is no improvement.
    """
    baseline = frozen("mnist1d", "baseline_error")
    error, unseen = answered.validation_error, answered.unseen_error
    staff = f"validation error {error:.2f} %, on unseen examples {unseen:.2f} %"
    said = f"The validation error of your final `model` is {error:.2f} %; the line is {baseline:.2f} %."
    if unseen - error > MOST_GAP:
        message = (
            f"{said} On examples that no student has it is wrong {unseen - error:.0f} percentage points more often; by "
            f"chance it would be at most {MOST_GAP:.0f}. So the network has seen the validation labels: no points."
        )
        return failed(message, "validation-set-learned", staff)
    if unchanged and near_baseline(answered):
        message = f"{said} Network and training seem to be as they were handed out: nothing has been improved yet."
        return failed(message, "unchanged", staff)
    note = _printed_otherwise(ask, error)
    earned = judge_bands(error, (Band(baseline - 1e-6, 1.0), Band(baseline + PART_BAND + 1e-6, PART))).fraction
    if earned == 1:
        return Outcome(Conclusion.PASSED, 1.0, " ".join(filter(None, [said, note])), staff=staff, measure=unseen)
    over = error - baseline
    if earned:
        message = (
            f"{said} That is {over:.2f} points too much for all points." if over > 0 else f"{said} It must be below."
        )
        return Outcome(Conclusion.PARTIAL, earned, " ".join(filter(None, [message, note])), "just-above", staff, unseen)
    key = "not-trained" if error > 80 else "above-baseline"
    return failed(" ".join(filter(None, [f"{said} That is {over:.1f} points too much.", note])), key, staff)


def near_baseline(answered: Answered) -> bool:
    """An error that rounding alone can make of the unmodified network's."""
    return abs(answered.validation_error - frozen("mnist1d", "baseline_error")) <= ROUNDING


def _printed_otherwise(ask: Ask, error: float) -> str:
    """A note where the notebook's own last validation error is another one."""
    reply = ask.read("errors_val")
    numbers = to_numbers(reply.value) if isinstance(reply, Got) else None
    if not isinstance(numbers, Numbers) or numbers.array.ndim != 1 or not numbers.array.size:
        return ""
    last = float(numbers.array[-1])
    if not np.isfinite(last) or abs(last - error) <= 0.1:
        return ""
    return (
        f"(Your notebook's `errors_val` ends with {last:.2f} %: measured while dropout was on, or of another network.)"
    )


def explained_by(answered: Answered, layers: tuple[Layer, ...], *, channel: bool) -> bool:
    """Do these layers, computed here, give what the network gave on all inputs?"""
    x = answered.x[:, None, :] if channel else answered.x
    try:
        with np.errstate(all="ignore"):
            expected = torch_layers.run(layers, x)
    except (ValueError, KeyError, IndexError, TypeError):
        return False
    scale = float(np.max(np.abs(expected), initial=1.0))
    return expected.shape == answered.logits.shape and bool(
        np.max(np.abs(expected - answered.logits), initial=0.0) <= 2e-3 * scale
    )


def active(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Without those that do nothing once training is over."""
    return tuple(layer for layer in layers if layer.name not in {"Dropout", "AlphaDropout", "Identity"})


def shapes(layers: tuple[Layer, ...]) -> list[tuple[int, ...]]:
    """The shapes of all weights and biases, in order."""
    return [array.shape for layer in layers for name, array in layer.arrays.items() if name in {"weight", "bias"}]


def _layers(value: Plain) -> tuple[Layer, ...]:
    """What the kernel says of the network's parts; anything malformed is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(layer for item in value[:MOST_LAYERS] if (layer := _layer(item)) is not None)


def _layer(item: Plain) -> Layer | None:
    if not isinstance(item, list) or len(item) != 3:
        return None
    name, arrays, settings = item
    if not isinstance(name, str) or not isinstance(arrays, dict) or not isinstance(settings, dict):
        return None
    read: dict[str, NDArray[np.float64]] = {}
    for key, value in arrays.items():
        numbers = to_numbers(value)
        if isinstance(key, str) and isinstance(numbers, Numbers):
            read[key] = numbers.array
    kept = {str(k): float(v) for k, v in settings.items() if isinstance(v, int | float)}
    return Layer(name[:80], read, kept)
