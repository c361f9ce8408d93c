"""What is sent to a platform's gradebook, with which timestamp, and how what comes back is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.lms.lti.grades import (
    CANVAS,
    CANVAS_SUBMISSION,
    SECOND,
    TURNED_CLOCK,
    Match,
    Result,
    Want,
    beside,
    compare,
    moment,
    newer_than,
    next_stamp,
    number,
    read_result,
    score_body,
    with_query,
)

TRIED = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
NOW = datetime(2026, 11, 21, 14, 0, 0, 600_000, tzinfo=UTC)
DAY_S = 86_400.0


@TRIED
@given(st.lists(st.floats(-DAY_S, DAY_S), min_size=1, max_size=30))
def test_timestamps_grow_by_a_second_at_least_and_are_not_in_the_future_unless_a_clock_was_turned(
    moves: list[float],
) -> None:
    """`moves`: by how much the clock differs from one try to the next, also backwards."""
    now, last = NOW, None
    for move in moves:
        now += timedelta(seconds=move)
        stamp = next_stamp(last, now)
        if stamp is None:
            assert last is not None
            assert last + SECOND - now.replace(microsecond=0) <= TURNED_CLOCK + 2 * SECOND
            continue
        if last is not None:
            assert stamp >= last + SECOND
        assert stamp <= now or (last is not None and last > now + TURNED_CLOCK and stamp == last + SECOND)
        last = stamp


def test_a_second_score_in_one_second_waits() -> None:
    first = next_stamp(None, NOW)
    assert first == NOW.replace(microsecond=0)
    assert next_stamp(first, NOW + timedelta(seconds=0.3)) is None
    assert next_stamp(first, NOW + timedelta(seconds=0.5)) == first + SECOND


@TRIED
@given(st.floats(0, 20), st.sampled_from([1.0, 10.0, 20.0, 100.0]))
def test_what_the_platform_made_of_a_score_is_the_same_or_clipped(points: float, column: float) -> None:
    want = Want(1, points, 10.0)
    scaled = points / 10.0 * column
    assert compare(want, Result(scaled, column)) is Match.SAME
    assert compare(want, Result(scaled, None), column) is Match.SAME
    clipped = compare(want, Result(min(scaled, column), column), column)
    assert clipped in (Match.SAME, Match.CLIPPED)
    if scaled > column + 0.02:
        assert clipped is Match.CLIPPED


@TRIED
@given(st.floats(0.1, 10), st.floats(0, 10))
def test_another_score_is_another(wanted: float, shown: float) -> None:
    found = compare(Want(1, wanted, 10.0), Result(shown, 10.0))
    assert (found is Match.SAME) == (abs(wanted - shown) <= 0.01)


@pytest.mark.parametrize(
    ("want", "result", "match"),
    [
        (0.0, None, Match.SAME),  # Moodle's results leave zero out
        (0.0, Result(), Match.SAME),
        (0.0, Result(3.0, 10.0), Match.OTHER),
        (7.0, None, Match.NOTHING),
        (7.0, Result(), Match.NOTHING),
        (None, None, Match.SAME),
        (None, Result(), Match.SAME),
        (None, Result(7.0, 10.0), Match.OTHER),
        (12.0, Result(10.0, 10.0), Match.CLIPPED),
        (12.0, Result(9.0, 10.0), Match.OTHER),
    ],
)
def test_results_without_a_score(want: float | None, result: Result | None, match: Match) -> None:
    assert compare(Want(1, want, 10.0), result, 10.0) is match


@TRIED
@given(st.one_of(st.none(), st.floats(0, 20)), st.booleans(), st.booleans(), st.sampled_from(["moodle", CANVAS, ""]))
def test_no_score_erases_a_grade_but_one_that_is_taken_back(
    score: float | None, draft: bool, first: bool, family: str
) -> None:
    body = score_body("u1", Want(3, score, 10.0, draft), NOW, family=family, first=first)
    assert body["gradingProgress"] != "Pending"
    assert ("scoreGiven" in body) == (score is not None) == ("scoreMaximum" in body)
    if family != CANVAS and score is not None:
        assert body["gradingProgress"] == "FullyGraded"  # Moodle erases the grade with any other
    assert body["activityProgress"] in ("Initialized", "Completed")
    assert body[CANVAS_SUBMISSION]["new_submission"] is (first and score is not None)


def test_a_regrade_is_no_new_submission_and_a_first_grade_says_when_the_work_came() -> None:
    came = NOW - timedelta(hours=2)
    first = score_body("u1", Want(1, 7.0, 10.0), NOW, family=CANVAS, first=True, submitted_at=came)
    again = score_body("u1", Want(2, 8.0, 10.0), NOW, family=CANVAS, first=False, submitted_at=came)
    assert first[CANVAS_SUBMISSION] == {
        "new_submission": True, "prioritize_non_tool_grade": True, "submitted_at": "2026-11-21T12:00:00.600+00:00",
    }  # fmt: skip
    assert again[CANVAS_SUBMISSION] == {"new_submission": False, "prioritize_non_tool_grade": True}
    assert "comment" not in first  # Canvas would add one to each regrade


def test_addresses_with_a_query_keep_it_at_the_end() -> None:
    assert beside("https://m.example/2/lineitems/7/lineitem?type_id=3", "scores") == (
        "https://m.example/2/lineitems/7/lineitem/scores?type_id=3"
    )
    assert beside("https://c.example/line_items/7", "results") == "https://c.example/line_items/7/results"
    assert with_query("https://m.example/r?type_id=3", "user_id=4") == "https://m.example/r?type_id=3&user_id=4"
    assert with_query("https://m.example/r", "user_id=4") == "https://m.example/r?user_id=4"


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=8,
)


@TRIED
@given(JSON, JSON, JSON, JSON)
def test_no_result_is_too_strange_to_be_read(user: object, score: object, maximum: object, at: object) -> None:
    found = read_result({"userId": user, "resultScore": score, "resultMaximum": maximum, "timestamp": at})
    assert (found is None) == (user is None)
    if found is not None:
        compare(Want(1, 5.0, 10.0), found[1], 10.0)
    assert read_result(score) is None or isinstance(score, dict)


def test_numbers_and_times_that_are_none_are_none() -> None:
    assert [number(bad) for bad in (True, "7", None, float("nan"), float("inf"), 10**400)] == [None] * 6
    assert [moment(bad) for bad in ("", "yesterday", 5, "9" * 50)] == [None] * 4
    assert moment("2026-11-21T14:00:00Z") == datetime(2026, 11, 21, 14, tzinfo=UTC)


def test_canvas_says_after_which_time_it_wants_the_next_score() -> None:
    text = "Provided timestamp of 2026-11-21T14:00:00Z before last updated timestamp of 2026-11-21T14:05:00.250Z"
    assert newer_than(text) == datetime(2026, 11, 21, 14, 5, 0, 250_000, tzinfo=UTC)
    assert newer_than("before last updated timestamp of 99-99") is None
    assert newer_than("no time at all") is None
