"""Lists of arrays of differing shapes, such as one weight matrix per layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from reference.comparators.arrays import Comparison, Tolerance, clarity, compare_array
from reference.comparators.numbers import Floats
from reference.plain import Plain, TensorValue

MOST_LAYERS = 10_000
CANCELLATION = 1e-9  # of a layer's largest entry: what sums of large terms may leave where the result is near zero


def compare_layers(got: Plain, want: Sequence[Floats | None], tolerance: Tolerance | None = None) -> Comparison:
    """Compare layer by layer; `None` in `want` marks an entry that does not matter.

    A list, a tuple, an array of arrays and arrays stacked along the first axis are all accepted. `numbers` and
    `reference` of the result hold all layers' entries one after the other, where every shape is right.
    """
    tolerance = tolerance or Tolerance()
    layers = _layers(got)
    if layers is None:
        alone = compare_array(got, np.zeros(0), tolerance)
        problem = alone.problem if alone.diagnosis in {"returns-none", "returns-text"} else "is not a list of arrays"
        return Comparison(False, problem, alone.diagnosis if problem == alone.problem else "not-a-list")
    if not _long_enough(len(layers), want):
        entries = "1 entry" if len(layers) == 1 else f"{len(layers)} entries"
        problem = f"has {entries}; it should have {len(want)}, one for each layer"
        return Comparison(False, problem, "wrong-number-of-layers")
    wanted = [(index, layer) for index, layer in enumerate(want) if layer is not None]
    compared = [(index, _layer(layers[index], layer, tolerance), layer) for index, layer in wanted]
    return _together(compared)


def _layer(got: Plain, want: Floats, tolerance: Tolerance) -> Comparison:
    if got is None:
        return Comparison(False, "is None: it was never filled in", "layer-missing")
    scale = float(np.max(np.abs(want), initial=0.0))
    return compare_array(got, want, dataclasses.replace(tolerance, absolute=tolerance.absolute + CANCELLATION * scale))


def _layers(got: Plain) -> list[Plain] | None:
    if isinstance(got, TensorValue):
        got = got.array
    if isinstance(got, np.ndarray):
        return list(got) if got.ndim >= 1 and len(got) <= MOST_LAYERS else None
    if isinstance(got, list | tuple) and len(got) <= MOST_LAYERS:
        return list(got)
    return None


def _long_enough(count: int, want: Sequence[Floats | None]) -> bool:
    """Entries at the end that do not matter may be left out."""
    needed = max((index + 1 for index, layer in enumerate(want) if layer is not None), default=0)
    return needed <= count <= len(want)


def _together(compared: Sequence[tuple[int, Comparison, Floats]]) -> Comparison:
    wrong = [(index, c) for index, c, _ in compared if not c.equal]
    numbers = reference = None
    if all(c.numbers is not None and c.numbers.size == want.size for _, c, want in compared):
        numbers = np.concatenate(
            [np.ravel(c.numbers) for _, c, _ in compared if c.numbers is not None] or [np.zeros(0)]
        )
        reference = np.concatenate([np.ravel(want) for _, _, want in compared] or [np.zeros(0)])
    problem, diagnosis, size = _worst(wrong, len(compared)) if wrong else ("", None, float("nan"))
    return Comparison(
        not wrong,
        problem,
        diagnosis,
        numbers,
        reference,
        size,
        any(c.requires_grad for _, c, _ in compared),
        max((c.tolerance for _, c, _ in compared), key=lambda tolerance: tolerance.absolute, default=Tolerance()),
        next((c.narrow for _, c, _ in compared if c.narrow), None),
    )


def _worst(wrong: Sequence[tuple[int, Comparison]], layers: int) -> tuple[str, str | None, float]:
    """The clearest of the wrong layers: one that is no array of the right form, else the one that is furthest off."""
    index, worst = max(wrong, key=lambda pair: clarity(pair[1]))
    which = f"in layer {index}" if len(wrong) == 1 else f"in {len(wrong)} of {layers} layers, worst in layer {index}"
    diagnoses = {c.diagnosis for _, c in wrong}
    diagnosis = diagnoses.pop() if len(diagnoses) == 1 else None
    return f"is wrong {which}, which {worst.problem}", diagnosis, worst.worst_relative
