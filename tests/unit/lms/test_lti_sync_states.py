"""What follows from a platform's answer, for every answer that there can be."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.db.models import SyncState
from grader.lms.lti.grades import CANVAS, MOODLE, Match, Result, Want, compare
from grader.lms.lti.sync_states import (
    FAILURES,
    MOST_TRIES,
    WAITING,
    Answer,
    Reading,
    Step,
    classify,
    decide,
    look_first,
    must_look,
)

TRIED = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SCORES = st.one_of(st.none(), st.floats(0, 12))
RESULTS = st.one_of(st.none(), st.builds(Result, SCORES, st.sampled_from([None, 10.0, 100.0])))
WANTS = st.builds(Want, st.integers(1, 9), SCORES, st.just(10.0), st.booleans())
READABLE = st.booleans()


def read(want: Want, result: Result | None) -> Reading:
    return Reading(result, compare(want, result, 10.0))


@TRIED
@given(st.one_of(st.none(), st.integers(100, 599)), st.text(max_size=60), st.sampled_from([MOODLE, CANVAS, "", "d2l"]))
def test_every_status_means_something(status: int | None, body: str, family: str) -> None:
    answer = classify(status, body, family)
    assert (answer is Answer.ACCEPTED) == (status is not None and 200 <= status < 300)
    assert answer is Answer.ACCEPTED or answer is Answer.NOT_A_STUDENT or answer in MOST_TRIES


@TRIED
@given(WANTS, st.sampled_from(Answer), RESULTS, READABLE, st.integers(1, 30))
def test_every_answer_has_a_next_state_and_a_reason(
    want: Want, answer: Answer, result: Result | None, readable: bool, tries: int
) -> None:
    step = decide(want, answer, read(want, result) if readable else None, tries)
    assert step.state in WAITING | FAILURES | {SyncState.ACKED}
    assert step.state is not SyncState.QUEUED  # only a new wish, or a person, begins anew
    if step.state is not SyncState.ACKED:
        assert step.problem
    if step.state is SyncState.ACKED:
        assert step.acked
    if step.acked:
        assert answer is Answer.ACCEPTED or answer is Answer.STALE


@TRIED
@given(WANTS, st.sampled_from(sorted(MOST_TRIES)), st.one_of(st.none(), RESULTS))
def test_nothing_is_tried_for_ever(want: Want, answer: Answer, result: Result | None) -> None:
    reading = read(want, result)
    tries = 1
    while (step := decide(want, answer, reading, tries)).state in WAITING:
        tries += 1
    assert tries <= max(MOST_TRIES.values())
    assert step.state in FAILURES | {SyncState.ACKED}


@TRIED
@given(WANTS, RESULTS, st.integers(1, 30))
def test_a_refusal_as_stale_is_an_acknowledgement_where_the_platform_shows_the_wanted_grade(
    want: Want, result: Result | None, tries: int
) -> None:
    step = decide(want, Answer.STALE, read(want, result), tries)
    there = compare(want, result, 10.0) in (Match.SAME, Match.CLIPPED)
    assert (step.state is SyncState.ACKED) == there
    if not there:
        assert step.state is (SyncState.CONFLICT if tries < MOST_TRIES[Answer.STALE] else SyncState.DEAD)


@TRIED
@given(WANTS, RESULTS)
def test_what_is_shown_after_acceptance_decides_whether_a_teacher_stands_above(
    want: Want, result: Result | None
) -> None:
    step = decide(want, Answer.ACCEPTED, read(want, result), 1)
    differs = compare(want, result, 10.0) is Match.OTHER
    assert step.state is (SyncState.OVERRIDDEN if differs else SyncState.ACKED)
    assert bool(step.difference) == differs


@TRIED
@given(RESULTS, st.frozensets(st.floats(0, 10), max_size=2))
def test_a_grade_is_taken_back_only_where_ours_stands(result: Result | None, ours: frozenset[float]) -> None:
    step = look_first(Want(4, None, 10.0), result, ours, 10.0)
    shown = result.score if result is not None else None
    if step is None:
        assert (shown is None and 0.0 in ours) or any(
            compare(Want(0, one, 10.0), result, 10.0) in (Match.SAME, Match.CLIPPED) for one in ours
        )
    elif shown is None:
        assert step == Step(SyncState.ACKED, acked=True)
    else:
        assert step.state is SyncState.OVERRIDDEN
        assert not step.acked


@pytest.mark.parametrize(
    ("status", "body", "family", "answer"),
    [
        (200, "", MOODLE, Answer.ACCEPTED),
        (204, "", "", Answer.ACCEPTED),
        (409, "", MOODLE, Answer.STALE),
        (400, "Provided timestamp of x before last updated timestamp of y", CANVAS, Answer.STALE),
        (400, "Provided submitted_at timestamp of x in the future", CANVAS, Answer.REFUSED),
        (400, "", CANVAS, Answer.REFUSED),
        (400, "", MOODLE, Answer.NOT_A_STUDENT),
        (422, "User not found in course or is not a student", CANVAS, Answer.NOT_A_STUDENT),
        (422, "The maximum number of allowed attempts has been reached", CANVAS, Answer.REFUSED),
        (403, "403 Forbidden (Rate Limit Exceeded)", CANVAS, Answer.SLOW_DOWN),
        (403, "", MOODLE, Answer.NO_ACCESS),
        (429, "", "", Answer.SLOW_DOWN),
        (401, "", MOODLE, Answer.NO_ACCESS),
        (404, "", MOODLE, Answer.GONE),
        (410, "", "", Answer.GONE),
        (500, "", MOODLE, Answer.FAULT),
        (503, "", "", Answer.AWAY),
        (None, "", "", Answer.AWAY),
        (302, "", "", Answer.REFUSED),
    ],
)
def test_what_platforms_mean(status: int | None, body: str, family: str, answer: Answer) -> None:
    assert classify(status, body, family) is answer


def test_platforms_that_keep_a_teachers_grade_need_no_look_before_a_regrade() -> None:
    regrade, back = Want(2, 8.0, 10.0), Want(3, None, 10.0)
    assert [must_look(regrade, family, overrule=False) for family in (MOODLE, CANVAS, "d2l")] == [False, False, True]
    assert not must_look(regrade, "d2l", overrule=True)
    assert all(must_look(back, family, overrule=True) for family in (MOODLE, CANVAS, "d2l"))
