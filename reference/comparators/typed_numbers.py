"""Numbers that a student typed, compared to the digits given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

LONGEST = 60  # characters
FULL_PRECISION_DIGITS = 6  # significant digits from which a value that is close enough is right as well
FULL_PRECISION_RELATIVE = 2e-6

_NUMBER = re.compile(r"^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$")
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " "})
_LEAD = re.compile(r"^(?:=|≈|~|≃)\s*")
_THOUSANDS = re.compile(r"^[+-]?[0-9]{1,3}(,[0-9]{3}){2,}(\.[0-9]*)?$|^[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*$")
_SPACED = re.compile(r"^[+-]? ?[0-9]{1,3}( [0-9]{3})*([.,][0-9]*)?$")
_EUROPEAN = re.compile(r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]*$")


@dataclass(frozen=True)
class KnownWrong:
    """A number that a known mistake gives, and the sentence for the student who typed it."""

    key: str
    value: float
    sentence: str


@dataclass(frozen=True)
class TypedComparison:
    equal: bool
    message: str
    diagnosis: str | None = None


def compare_typed(text: str, right: float, *, decimals: int, known_wrong: Sequence[KnownWrong] = ()) -> TypedComparison:
    """Is the text the number `right`, rounded to as many digits as were typed, at least `decimals` of them?

    "0.002" and "0.0025" are right for 0.0024904; "0.003" is not. A decimal comma is read as a point. The messages
    never hold the right number.
    """
    text = text.translate(_MINUS).strip()
    if not text:
        return TypedComparison(False, "Nothing was entered.", "empty")
    if len(text) > LONGEST:
        return TypedComparison(False, f"Enter one number; this text has {len(text)} characters.", "not-a-number")
    percentage = text.endswith("%")
    number = _read(text.rstrip("% "))
    if number is None:
        return TypedComparison(False, _unreadable(text), "not-a-number")
    if percentage:
        return _as_percentage(number, right, decimals)
    if _agrees(number, right):
        if _decimals(number) >= decimals or _significant(number) >= FULL_PRECISION_DIGITS:
            return TypedComparison(True, "Correct.")
        message = f"Too few digits to tell: enter the number with at least {decimals} decimals."
        return TypedComparison(False, message, "too-few-digits")
    for known in known_wrong:
        if _significant(number) >= 2 and _agrees(number, known.value):
            return TypedComparison(False, known.sentence, known.key)
    return TypedComparison(False, *_unknown(number, right, decimals))


def _read(text: str) -> Decimal | None:
    text = _LEAD.sub("", text)
    if _SPACED.match(text):
        text = text.replace(" ", "")
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    elif _EUROPEAN.match(text):
        text = text.replace(".", "").replace(",", ".")
    elif text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    match = _NUMBER.match(text)
    if match is None or not (match.group(2) or match.group(3)):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _agrees(number: Decimal, right: float) -> bool:
    """Does `right`, rounded to the last digit typed, give the number? Ties may be rounded either way."""
    if any(_rounded(right, number, rule) == number for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)):
        return True
    # No student can be asked to know in which digit two ways of computing begin to differ.
    close = abs(float(number) - right) <= FULL_PRECISION_RELATIVE * abs(right)
    return _significant(number) >= FULL_PRECISION_DIGITS and close


def _rounded(value: float, like: Decimal, rule: str) -> Decimal | None:
    with localcontext() as context:
        context.prec = 400
        try:
            return Decimal(value).quantize(Decimal(1).scaleb(int(like.as_tuple().exponent)), rounding=rule)
        except InvalidOperation:
            return None


def _as_percentage(number: Decimal, right: float, decimals: int) -> TypedComparison:
    if _agrees(number, right * 100):
        message = "This is the right size as a percentage, but the question asks for a proportion between 0 and 1."
        return TypedComparison(False, message, "percentage")
    return TypedComparison(
        False, f"Enter a plain number with {decimals} decimals, without a percent sign.", "not-a-number"
    )


def _unknown(number: Decimal, right: float, decimals: int) -> tuple[str, str | None]:
    """Mistakes that need no knowledge of the exercise."""
    if _agrees(number, right * 100):
        return "This is 100 times too large: a percentage where a proportion is asked.", "percentage"
    if _agrees(number, -right):
        return "The sign is wrong.", "minus-sign"
    if _significant(number) >= 2 and any(_agrees(number, right * 10.0**shift) for shift in range(-6, 7) if shift):
        return "The digits are right, but the decimal point is in the wrong place.", "decimal-point"
    if _decimals(number) >= decimals and _rounded(right, number, ROUND_DOWN) == number:
        return "The last digit is cut off instead of rounded.", "cut-not-rounded"
    return "This is not the number that a right function gives.", None


def _unreadable(text: str) -> str:
    lowered = text.lower()
    if lowered in {"nan", "inf", "-inf", "infinity", "+inf"}:
        return f"“{text}” is what a failed computation prints, not a number: mend the function first."
    if "/" in text:
        return "Enter a decimal number such as 0.125, not a fraction."
    return f"“{text[:30]}” could not be read as a number. Enter digits only, for example 0.125 or 1.25e-1."


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _significant(number: Decimal) -> int:
    return len("".join(str(d) for d in number.as_tuple().digits).lstrip("0"))
