"""Numbers and arrays of numbers against a reference, with explicit tolerances by dtype."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.comparators import devices
from reference.comparators.numbers import Floats, NoNumbers, Numbers, to_numbers
from reference.comparators.sizes import EXACT, Sizes
from reference.plain import Plain

LONGEST_TEXT = 60  # characters of a text that may spell a number
NARROW = 1e-12  # a machine epsilon above this is not a double's


@dataclass(frozen=True)
class Tolerance:
    """|got - want| <= absolute + relative * |want|, whatever type the result has: how exact a right answer is comes
    from the computation that the task asks for, not from what the student chose to return.

    `absolute` is in the unit of the result; leave it 0 unless right answers are near zero through cancellation. Where
    the task itself computes in single precision, `relative` says so (1e-4).
    """

    relative: float = 1e-6
    absolute: float = 0.0

    def allowed(self, want: Floats) -> Floats:
        """The distance that each entry may be off by; on some devices right answers are less exact than a task asks."""
        size = np.abs(want)
        asked = self.absolute + self.relative * size
        device = devices.slack() * np.max(size, initial=0.0, where=np.isfinite(size))
        return np.asarray(np.maximum(asked, device), dtype=np.float64)


@dataclass(frozen=True)
class Narrow:
    """A floating-point type with fewer digits than a double. `slack`, relative to the largest entry, is what a whole
    computation in it may be off by."""

    name: str
    digits: str
    slack: float

    @property
    def key(self) -> str:
        return f"rounded-{self.name}"


FLOAT32 = Narrow("float32", "seven", 64 * float(np.finfo(np.float32).eps))
FLOAT16 = Narrow("float16", "three", 8 * float(np.finfo(np.float16).eps))


@dataclass(frozen=True, eq=False)
class Comparison:
    """`problem` completes the sentence "the result …" and never holds the expected value; `diagnosis` is set
    where the form alone tells what is wrong (None returned, transposed, NaN). `numbers` is what was read, and
    `reference` the right numbers that belong to them entry by entry (None: the reference itself); `tolerance` is what
    they were compared with. `narrow` is the type of the result where that has fewer digits than a double."""

    equal: bool
    problem: str = ""
    diagnosis: str | None = None
    numbers: Floats | None = None
    reference: Floats | None = None
    worst_relative: float = float("nan")  # for staff
    requires_grad: bool = False
    tolerance: Tolerance = Tolerance()
    narrow: Narrow | None = None


def compare_array(got: Plain, want: Floats, tolerance: Tolerance | None = None, sizes: Sizes = EXACT) -> Comparison:
    """Compare a student's value with the reference. Never raises; NaN and infinity are never right.

    Where the reference is a single number, a value of any shape with exactly one entry is accepted; elsewhere
    axes of length one may be added or left out, but a row is not a column. `sizes` says how far off it is.
    """
    tolerance = tolerance or Tolerance()
    want = np.asarray(want, dtype=np.float64)
    read = to_numbers(got)
    if isinstance(read, NoNumbers):
        return Comparison(False, _spelled(got, want, tolerance) or read.problem, read.key)
    shaped = _shaped(read.array, want)
    if shaped is None:
        return _wrong_shape(read, want)
    return _compare(shaped, want, read, tolerance, sizes)


def _spelled(got: Plain, want: Floats, tolerance: Tolerance) -> str:
    """What to say of a text that holds the right number."""
    if not isinstance(got, str) or len(got) > LONGEST_TEXT:
        return ""
    try:
        number = float(got)
    except ValueError:
        return ""
    if not compare_array(number, want, tolerance).equal:
        return ""
    return "is a text that spells the right number: return the number itself, without quotes, `str` or an f-string"


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


def _compare(got: Floats, want: Floats, read: Numbers, tolerance: Tolerance, sizes: Sizes) -> Comparison:
    narrow = _narrow(read.precision)

    def concluded(equal: bool, problem: str = "", key: str | None = None, worst: float = float("nan")) -> Comparison:
        return Comparison(equal, problem, key, got, None, worst, read.requires_grad, tolerance, narrow)

    if not np.all(np.isfinite(got)):
        return concluded(False, *_not_finite(got))
    with np.errstate(all="ignore"):
        distance = np.abs(got - want)
        # Where the reference is infinite nothing finite is near it, though the allowed distance is infinite too.
        wrong = ~(distance <= tolerance.allowed(want)) | ~np.isfinite(want)
    if not wrong.any():
        return concluded(True)
    relative = _relative(distance, want)
    if narrow is not None and bool(np.all(distance <= narrow.slack * np.max(np.abs(want)))):
        problem = (
            f"is right only to about {narrow.digits} digits: it was computed in {narrow.name}, use double precision"
        )
        return concluded(False, problem, narrow.key, float(relative.max()))
    worst = float(np.max(relative[wrong]))
    if got.size == 1:
        return concluded(False, f"is {sizes.words(worst)}", None, worst)
    furthest = np.argmax(np.where(wrong, relative, -1.0) if sizes.worst else wrong)
    at = np.unravel_index(int(furthest), got.shape)
    told = f"the {'worst' if sizes.worst else 'first'}, entry {_place(at)}, is {sizes.words(float(relative[at]))}"
    return concluded(False, f"is wrong in {int(np.count_nonzero(wrong))} of {got.size} entries; {told}", None, worst)


def _not_finite(got: Floats) -> tuple[str, str]:
    """What to say of NaN and infinity, and its key; NaN comes first, because infinity often leads to it."""
    is_nan = bool(np.isnan(got).any())
    bad = np.isnan(got) if is_nan else ~np.isfinite(got)
    what, key = ("NaN (not a number)", "nan") if is_nan else ("infinity", "infinite")
    if got.size == 1:
        return f"is {what}", key
    first = np.unravel_index(int(np.argmax(bad)), got.shape)
    return f"contains {what} in {int(np.count_nonzero(bad))} of {got.size} entries, first at {_place(first)}", key


def _narrow(precision: float) -> Narrow | None:
    if precision <= NARROW:
        return None
    return FLOAT32 if precision < 1e-6 else FLOAT16


def _place(at: tuple[np.intp, ...]) -> str:
    return f"[{', '.join(str(int(i)) for i in at)}]"


def _relative(distance: Floats, want: Floats) -> Floats:
    """Distance over the size of the reference; entries where the reference is 0 count by its largest entry."""
    scale = np.abs(want)
    largest = float(scale.max(initial=0.0)) or 1.0
    with np.errstate(all="ignore"):
        return np.asarray(distance / np.where(scale > 0, scale, largest), dtype=np.float64)


def clarity(comparison: Comparison) -> tuple[bool, float]:
    """Sorts wrong results by how clearly they are wrong: a wrong form before wrong values, then by the worst entry."""
    worst = comparison.worst_relative
    return comparison.diagnosis is not None, worst if np.isfinite(worst) else 0.0


def _shape(array: Floats) -> str:
    return "of a single number, ()," if array.ndim == 0 else str(tuple(int(n) for n in array.shape))
