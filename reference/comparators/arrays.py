"""Numbers and arrays of numbers against a reference, with explicit tolerances by dtype."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.comparators.numbers import Floats, NoNumbers, Numbers, to_numbers
from reference.plain import Plain


@dataclass(frozen=True)
class Tolerance:
    """|got - want| <= absolute + relative * |want|. Results in single or lower precision get `relative_single`.

    `absolute` is in the unit of the result; leave it 0 unless right answers are near zero through cancellation.
    """

    relative: float = 1e-6
    absolute: float = 0.0
    relative_single: float = 1e-4

    def relative_for(self, precision: float) -> float:
        return self.relative_single if precision > 1e-12 else self.relative


@dataclass(frozen=True, eq=False)
class Comparison:
    """`problem` completes the sentence "the result …" and never holds the expected value; `diagnosis` is set
    where the form alone tells what is wrong (None returned, transposed, NaN). `numbers` is what was read, and
    `reference` the right numbers that belong to them entry by entry (None: the reference itself)."""

    equal: bool
    problem: str = ""
    diagnosis: str | None = None
    numbers: Floats | None = None
    reference: Floats | None = None
    worst_relative: float = float("nan")  # for staff
    requires_grad: bool = False


def compare_array(got: Plain, want: Floats, tolerance: Tolerance | None = None) -> Comparison:
    """Compare a student's value with the reference. Never raises; NaN and infinity are never right.

    Where the reference is a single number, a value of any shape with exactly one entry is accepted; elsewhere
    axes of length one may be added or left out, but a row is not a column.
    """
    tolerance = tolerance or Tolerance()
    read = to_numbers(got)
    if isinstance(read, NoNumbers):
        return Comparison(False, read.problem, read.key)
    want = np.asarray(want, dtype=np.float64)
    shaped = _shaped(read.array, want)
    if shaped is None:
        return _wrong_shape(read, want)
    return _compare(shaped, want, read, tolerance)


def _shaped(got: Floats, want: Floats) -> Floats | None:
    if got.shape == want.shape:
        return got
    if want.size == 1:
        return got.reshape(want.shape) if got.size == 1 else None
    if got.ndim == want.ndim == 2 and got.shape == want.shape[::-1]:
        return None
    if [n for n in got.shape if n != 1] == [n for n in want.shape if n != 1]:
        return got.reshape(want.shape)
    return None


def _wrong_shape(read: Numbers, want: Floats) -> Comparison:
    got = read.array
    if want.size == 1:
        problem = f"has the shape {_shape(got)} where a single number is expected"
        return Comparison(False, problem, "not-a-scalar", got, requires_grad=read.requires_grad)
    problem = f"has the shape {_shape(got)}; it should have {_shape(want)}"
    diagnosis = "wrong-shape"
    if got.ndim == 2 and got.T.shape == want.shape:
        diagnosis = "transposed"
        problem += ": rows and columns are exchanged"
    return Comparison(False, problem, diagnosis, got, requires_grad=read.requires_grad)


def _compare(got: Floats, want: Floats, read: Numbers, tolerance: Tolerance) -> Comparison:
    finite = np.isfinite(got)
    if not finite.all():
        what = "NaN (not a number)" if np.isnan(got).any() else "infinite"
        key = "nan" if np.isnan(got).any() else "infinite"
        count = int(got.size - np.count_nonzero(finite))
        problem = f"is {what}" if got.size == 1 else f"is {what} in {count} of {got.size} entries"
        return Comparison(False, problem, key, got, requires_grad=read.requires_grad)
    with np.errstate(all="ignore"):
        distance = np.abs(got - want)
        allowed = tolerance.absolute + tolerance.relative_for(read.precision) * np.abs(want)
        wrong = ~(distance <= allowed)
    if not wrong.any():
        return Comparison(True, numbers=got, requires_grad=read.requires_grad)
    relative = _relative(distance, want)
    at = np.unravel_index(int(np.argmax(np.where(wrong, relative, -1.0))), got.shape)
    worst = float(relative[at])
    if got.size == 1:
        problem = f"is off by {size_words(worst)}"
    else:
        entry = ", ".join(str(int(i)) for i in at)
        problem = (
            f"is wrong in {int(np.count_nonzero(wrong))} of {got.size} entries; the worst, entry [{entry}], is off by "
            f"{size_words(worst)}"
        )
    return Comparison(False, problem, None, got, worst_relative=worst, requires_grad=read.requires_grad)


def _relative(distance: Floats, want: Floats) -> Floats:
    """Distance over the size of the reference; entries where the reference is 0 count by its largest entry."""
    scale = np.abs(want)
    largest = float(scale.max(initial=0.0)) or 1.0
    with np.errstate(all="ignore"):
        return np.asarray(distance / np.where(scale > 0, scale, largest), dtype=np.float64)


def size_words(relative: float) -> str:
    """A relative difference in words a student can use: "0.4 %", "a factor of about 12"."""
    if not np.isfinite(relative) or relative > 1e6:
        return "many orders of magnitude"
    if relative >= 2:
        return f"about {relative:.2g} times its right size"
    if relative < 1e-4:
        return f"{relative:.1g} of its right size"
    percent = relative * 100
    return f"about {percent:.0f} %" if percent >= 10 else f"about {percent:.2g} %"


def _shape(array: Floats) -> str:
    return "of a single number, ()," if array.ndim == 0 else str(tuple(int(n) for n in array.shape))
