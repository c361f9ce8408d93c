"""What a cell of a gradebook file says."""

from __future__ import annotations

import pytest

from grader.lms.files.reading import Value, read_value


@pytest.mark.parametrize(
    ("text", "score"), [("12", 12.0), ("12.5", 12.5), ("12,5", 12.5), ("0,125", 0.125), (" 7 ", 7.0), ("1000", 1000.0)]
)
def test_points_are_read_with_either_decimal_sign(text: str, score: float) -> None:
    assert read_value(text) == Value(score)


@pytest.mark.parametrize("text", ["1,000", "12,345,678", "1_000", "nan", "inf", "ten", "1,2.3"])
def test_what_could_mean_two_numbers_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_value(text)
