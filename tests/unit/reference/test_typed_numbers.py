"""Numbers that a student typed into a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.comparators.typed_numbers import KnownWrong, compare_typed

VOLUME = 0.00249039457019272
RATIO = 1.2206449663688717
OUTER = 0.9509591059287141


@pytest.mark.parametrize(
    "text",
    ["0.002", "0.0025", "0.00249", "0.0024904", "0.00249039457", "0.00249039457019272", "2.49e-3", "2e-3", "0,002",
     " 0.002 ", ".002", "+0.002", "≈ 0.002", "= 0.0025", "2.4903945701927176E-03"],
)  # fmt: skip
def test_the_volume_is_right_to_the_digits_typed(text):
    assert compare_typed(text, VOLUME, decimals=3).equal


@pytest.mark.parametrize("text", ["0.003", "0.0024", "0.0026", "0.00248", "0.02", "0.2", "2", "-0.002", "0.00250"])
def test_other_numbers_are_not(text):
    assert not compare_typed(text, VOLUME, decimals=3).equal


@pytest.mark.parametrize("text", ["0", "0.0", "0.00"])
def test_too_few_digits_are_not_enough_and_say_so(text):
    result = compare_typed(text, VOLUME, decimals=3)
    assert (result.equal, result.diagnosis) == (False, "too-few-digits")
    assert "3 decimals" in result.message


@pytest.mark.parametrize(
    ("text", "right"), [("1,221", RATIO), ("1.221", RATIO), ("1.2206", RATIO), ("0.951", OUTER), ("0,95096", OUTER)]
)
def test_a_decimal_comma_is_read_as_a_point(text, right):
    assert compare_typed(text, right, decimals=3).equal


@pytest.mark.parametrize("text", ["1,234,567", "1,234,567.0", "1.234.567,0", "1 234 567", "1234567.000"])
def test_thousands_may_be_grouped(text):
    assert compare_typed(text, 1234567.0, decimals=0).equal


@pytest.mark.parametrize("text", ["95.1 %", "95.1%", "95.096", "95.1", "95,1 %"])
def test_a_percentage_is_named(text):
    result = compare_typed(text, OUTER, decimals=3)
    assert (result.equal, result.diagnosis) == (False, "percentage")


@pytest.mark.parametrize(
    ("text", "diagnosis"),
    [
        ("-1.221", "minus-sign"),
        ("12.21", "decimal-point"),
        ("1.220", "cut-not-rounded"),
        ("one", "not-a-number"),
        ("nan", "not-a-number"),
        ("inf", "not-a-number"),
        ("1/2", "not-a-number"),
        ("1.2.3", "not-a-number"),
        ("1.221 1.3", "not-a-number"),
        ("1.2 21", "not-a-number"),
        ("x" * 500, "not-a-number"),
        ("", "empty"),
        ("7", None),
    ],
)
def test_what_is_wrong_is_named(text, diagnosis):
    result = compare_typed(text, RATIO, decimals=3)
    assert not result.equal
    assert result.diagnosis == diagnosis
    assert "1.22" not in result.message.replace(text, "")


def test_a_number_that_a_known_mistake_gives_is_recognised():
    known = [KnownWrong("other-dimension", 2.0379141896, "This is the ratio in 100 dimensions.")]
    result = compare_typed("2.038", RATIO, decimals=3, known_wrong=known)
    assert (result.diagnosis, result.message) == ("other-dimension", "This is the ratio in 100 dimensions.")


def test_one_typed_digit_is_too_little_to_recognise_a_mistake_by():
    known = [KnownWrong("other-dimension", 2.0379141896, "This is the ratio in 100 dimensions.")]
    assert compare_typed("2", RATIO, decimals=3, known_wrong=known).diagnosis is None


def test_a_tie_may_be_rounded_either_way():
    assert compare_typed("0.12", 0.125, decimals=2).equal
    assert compare_typed("0.13", 0.125, decimals=2).equal


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(text):
    result = compare_typed(text, RATIO, decimals=3)
    assert result.message


@given(st.from_regex(r"[+-]?[0-9]{0,40}\.?[0-9]{0,40}([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_any_number_gets_an_answer(text):
    assert compare_typed(text, VOLUME, decimals=3).message


@given(st.integers(min_value=3, max_value=15))
def test_every_correct_rounding_is_right(digits):
    assert compare_typed(f"{RATIO:.{digits}f}", RATIO, decimals=3).equal
