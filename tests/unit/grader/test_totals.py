from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradebook.total_words import made_of_text, rule_text
from grader.gradebook.totals import Part, Result, TotalRule, course_total


def test_without_results_there_is_no_total() -> None:
    assert course_total(TotalRule(), []).percent is None
    total = course_total(TotalRule(), [Result(10.0), Result(5.0, excused=True)])
    assert (total.percent, total.parts) == (None, (Part.OPEN, Part.EXCUSED))
    assert made_of_text(total) == "nothing counts yet"


def test_each_result_counts_by_its_weight() -> None:
    assert course_total(TotalRule(), [Result(10.0, 0.5), Result(30.0, 1.0)]).percent == pytest.approx(87.5)


def test_missing_work_counts_as_zero_only_where_the_course_says_so_and_only_when_it_is_overdue() -> None:
    results = [Result(1.0, 1.0), Result(1.0, overdue=True), Result(1.0)]
    assert course_total(TotalRule(), results).percent == 100.0
    total = course_total(TotalRule(missing_zero=True), results)
    assert (total.percent, total.parts) == (50.0, (Part.COUNTS, Part.MISSING, Part.OPEN))
    assert made_of_text(total) == "made of 2 results; 1 of them missing, as 0"


def test_excused_work_and_what_is_still_being_graded_never_count_as_zero() -> None:
    results = [Result(1.0, 0.8), Result(1.0, excused=True, overdue=True), Result(1.0, waiting=True, overdue=True)]
    total = course_total(TotalRule(missing_zero=True), results)
    assert (total.percent, total.parts) == (80.0, (Part.COUNTS, Part.EXCUSED, Part.WAITING))


def test_the_lowest_results_are_left_out_and_missing_ones_first() -> None:
    results = [Result(1.0, 0.9), Result(1.0, 0.2), Result(1.0, overdue=True), Result(1.0, 0.7)]
    total = course_total(TotalRule(drop_lowest=2, missing_zero=True), results)
    assert total.parts == (Part.COUNTS, Part.DROPPED, Part.DROPPED, Part.COUNTS)
    assert total.percent == pytest.approx(80.0)


def test_among_equally_low_results_the_heaviest_is_left_out() -> None:
    total = course_total(TotalRule(drop_lowest=1), [Result(1.0, 0.5), Result(3.0, 0.5), Result(1.0, 1.0)])
    assert total.parts[1] is Part.DROPPED
    assert total.percent == pytest.approx(75.0)


def test_one_result_always_stays() -> None:
    assert course_total(TotalRule(drop_lowest=5), [Result(1.0, 0.3)]).percent == pytest.approx(30.0)


def test_an_assignment_without_weight_neither_counts_nor_is_left_out_in_place_of_another() -> None:
    total = course_total(TotalRule(drop_lowest=1), [Result(0.0, 0.0), Result(1.0, 0.4), Result(1.0, 0.6)])
    assert total.parts == (Part.NO_WEIGHT, Part.DROPPED, Part.COUNTS)


def test_the_rule_in_words() -> None:
    assert rule_text(TotalRule()) == (
        "The total is the mean of the results in percent, where each assignment counts by its points. "
        "Work that is missing does not count. Excused work never counts."
    )
    text = rule_text(TotalRule(weighted=True, drop_lowest=2, missing_zero=True))
    assert "by its weight" in text
    assert "The 2 lowest results of each student are left out." in text
    assert "counts as 0 until it is handed in" in text


RESULTS = st.lists(
    st.builds(
        Result,
        weight=st.just(0.0) | st.floats(0.01, 100),
        share=st.none() | st.floats(0, 1),
        excused=st.booleans(),
        waiting=st.booleans(),
        overdue=st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(RESULTS, st.integers(0, 4), st.booleans())
def test_leaving_low_results_out_never_harms(results: list[Result], dropped: int, zero: bool) -> None:
    without = course_total(TotalRule(missing_zero=zero), results).percent
    total = course_total(TotalRule(drop_lowest=dropped, missing_zero=zero), results).percent
    assert (without is None) == (total is None)
    if without is not None and total is not None:
        assert total >= without - 1e-6
        assert 0 <= total <= 100 + 1e-6


def test_what_another_release_kept_is_read_without_its_new_keys() -> None:
    assert TotalRule.of({"drop_lowest": 1, "curve": "up"}) == TotalRule(drop_lowest=1)
    assert TotalRule.of(TotalRule(True, 3, True).kept()) == TotalRule(True, 3, True)
