"""How a network was trained, as the notebook's live objects say it.

Unlike a network's answers these can be written by hand, so they carry few points; staff see them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assignments.asking import Ask, Call, Got
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.probes import as_probe, failed, no_value
from reference.comparators.numbers import Numbers, to_numbers
from reference.plain import Plain

MOST_SOURCE = 400_000
_SEED = re.compile(r"\b(?:set_seed|manual_seed|random\.seed)\(\s*(?:seed\s*=\s*)?(\d{1,12})\s*\)")

_SETTINGS = f"""
def _probe():
    import __main__
    names = vars(__main__)
    found = {{}}
    optimizer = names.get('optimizer')
    if optimizer is not None:
        found['optimiser'] = type(optimizer).__name__
        for name in ('lr', 'momentum', 'weight_decay', 'nesterov'):
            found[name] = optimizer.defaults.get(name)
        found['weight_decay'] = max([float(g.get('weight_decay') or 0) for g in optimizer.param_groups] + [0.0])
    scheduler = names.get('scheduler')
    if scheduler is not None:
        found['scheduler'] = type(scheduler).__name__
        for name in ('step_size', 'gamma'):
            found[name] = getattr(scheduler, name, None)
    loader = names.get('data_loader')
    if loader is not None:
        found['batch_size'] = getattr(loader, 'batch_size', None)
        found['examples'] = len(loader.dataset)
    loss = names.get('loss_function')
    found['loss'] = type(loss).__name__
    found['label_smoothing'] = getattr(loss, 'label_smoothing', 0.0)
    found['epochs'] = names.get('n_epoch')
    errors = names.get('errors_val')
    found['epochs_recorded'] = len(errors) if errors is not None else None
    found['errors_val'] = [float(e) for e in errors] if errors is not None else []
    model = names.get('model')
    modules = list(model.modules()) if model is not None else []
    found['dropout'] = max([float(getattr(m, 'p', 0.0)) for m in modules if 'Dropout' in type(m).__name__] + [0.0])
    source = '\\n'.join(text for text in names.get('In', []) if isinstance(text, str))
    found['source'] = source[-{MOST_SOURCE}:]
    return found
"""
SHOWN = "the training settings"

# The course's own training, which coursework 1 and 3 do not allow to change.
COURSE: Mapping[str, object] = {
    "optimiser": "SGD",
    "lr": 0.05,
    "momentum": 0.9,
    "scheduler": "StepLR",
    "step_size": 10,
    "gamma": 0.5,
    "batch_size": 100,
    "examples": 4000,
    "epochs": 50,
    "epochs_recorded": 50,
    "seed": 1,
}
_WORDS = {
    "optimiser": "the optimiser",
    "lr": "the learning rate",
    "momentum": "the momentum",
    "scheduler": "the schedule of the learning rate",
    "step_size": "the schedule's step size",
    "gamma": "the schedule's factor",
    "batch_size": "the batch size",
    "examples": "the number of training examples",
    "epochs": "`n_epoch`",
    "epochs_recorded": "the length of `errors_val`",
    "seed": "the seed (`set_seed(1)`)",
}


@dataclass(frozen=True)
class Settings:
    """`found` as the kernel says; `source` is what the notebook's cells ran."""

    found: Mapping[str, Plain]
    source: str

    def number(self, name: str) -> float:
        numbers = to_numbers(self.found.get(name))
        return float(numbers.array) if isinstance(numbers, Numbers) and numbers.array.ndim == 0 else 0.0

    def errors(self) -> list[float]:
        numbers = to_numbers(self.found.get("errors_val", []))
        return [float(e) for e in numbers.array.ravel()] if isinstance(numbers, Numbers) else []


def ask_settings(ask: Ask) -> Settings | Outcome:
    replies = ask.calls([Call(SHOWN, given=as_probe(SHOWN, _SETTINGS))])
    stopped = no_value(replies, SHOWN)
    if stopped is not None:
        return stopped
    value = replies[0].value if isinstance(replies[0], Got) else None
    if not isinstance(value, dict):
        return failed("The training settings cannot be read.", "unreadable-result")
    found = {str(key): entry for key, entry in value.items() if key != "source"}
    source = value.get("source", "")
    source = source if isinstance(source, str) else ""
    return Settings(found | {"seed": seed_in(source)}, source)


def seed_in(source: str) -> int | None:
    """The one seed that the cells set; None where they set none, or several."""
    code = (line.split("#", 1)[0] for line in source.splitlines())
    seeds = {int(number) for line in code for number in _SEED.findall(line)}
    return seeds.pop() if len(seeds) == 1 else None


def early_stopping(settings: Settings, measured: float) -> Outcome | None:
    """The network of the best epoch put back, or fewer epochs than given. `measured` is the final network's error."""
    errors = settings.errors()
    if 0 < len(errors) < int(str(COURSE["epochs"])):
        return failed("The training stops before 50 epochs: early stopping is not allowed here.", "early-stopping")
    if best_restored(settings, measured):
        message = (
            "The final network is not that of the last epoch but that of the epoch with the lowest validation error: "
            "this is early stopping, which is not allowed here."
        )
        return failed(message, "early-stopping")
    return None


def best_restored(settings: Settings, measured: float) -> bool:
    """Does the final network's error fit the best epoch, and not the last one?"""
    errors = settings.errors()
    best = min(errors, default=measured)
    return len(errors) > 1 and abs(measured - best) < 0.03 and errors[-1] - best > 0.3


def judge_kept(settings: Settings, expected: Mapping[str, object], *, may_add_examples: bool = False) -> Outcome:
    """All of `expected` as it was; what differs is named."""
    changed = [name for name, value in expected.items() if not _same(settings.found.get(name), value)]
    if may_add_examples:
        changed = [name for name in changed if name != "examples"]
    staff = ", ".join(f"{name}: {settings.found.get(name)!r}"[:100] for name in expected)
    if not changed:
        return Outcome(Conclusion.PASSED, 1.0, "The training is as it was given.", staff=staff)
    listed = ", ".join(_WORDS.get(name, name) for name in changed)
    return failed(f"The training was to stay as it was given, but these differ: {listed}.", "training-changed", staff)


def is_course_training(settings: Settings) -> bool:
    """Everything that the live objects tell is as it was handed out."""
    added = max(settings.number(name) for name in ("weight_decay", "dropout", "label_smoothing"))
    return added == 0 and judge_kept(settings, COURSE).conclusion is Conclusion.PASSED


def _same(got: Plain, want: object) -> bool:
    if isinstance(want, str):
        return got == want
    numbers = to_numbers(got)
    if not isinstance(numbers, Numbers) or numbers.array.size != 1 or not isinstance(want, int | float):
        return False
    return abs(float(numbers.array.ravel()[0]) - want) <= 1e-9
