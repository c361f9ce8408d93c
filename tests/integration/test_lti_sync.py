"""Grades from a change here to a platform's gradebook: real databases, a real server, a clock that the tests turn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grader.db.models import (
    LtiContext,
    SyncState,
)
from grader.lms.lti import sync_service
from grader.lms.lti.grades import PROVISIONAL, TAKEN_BACK
from telemetry import tracing
from tests.support.lms.connected import Connected, connected
from tests.support.lms.gradebook import Canvas, Moodle
from tests.support.otlp_receiver import otlp_receiver
from tests.support.world import TEST, World, graded

DAY = timedelta(days=1)


def test_a_graded_notebook_reaches_the_platforms_gradebook(moodle: Connected) -> None:
    world = moodle.world
    accepted = world.submit()
    world.start(accepted.run)
    world.record(graded(accepted.run, 7.0))
    assert moodle.turn() == 1
    [column] = moodle.platform.gradebook.columns.values()
    assert column.body == {
        "label": "Loss 1", "scoreMaximum": 10.0, "resourceId": world.assignment.id, "tag": "grade",
        "resourceLinkId": "77",
    }  # fmt: skip
    assert moodle.there().score == 7.0
    cell = moodle.cell()
    assert (cell.state, cell.acked_revision, cell.acked_score) == (SyncState.ACKED, cell.wanted_revision, 7.0)
    assert (cell.last_status, cell.read_score, cell.read_maximum, cell.problem) == (200, 7.0, 10.0, "")
    assert moodle.turn() == 0  # nothing more is owed
    assert moodle.failures() == []


def test_sending_it_is_in_the_trace_of_the_submission(plain_moodle: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    world = plain_moodle.world
    accepted = world.submit()
    world.start(accepted.run)
    world.record(graded(accepted.run, 7.0))
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        monkeypatch.setattr(tracing, "_exporter", None)
        tracing.configure("recorder")
        assert plain_moodle.turn() == 1
        tracing.flush()
        [span] = receiver.spans
    assert (span.name, span.trace) == ("lti", accepted.submission.id.replace("-", ""))
    assert span.attributes["grader.cell"] == plain_moodle.cell().id


def test_a_changed_grade_follows_and_one_of_equal_worth_is_not_sent(moodle: Connected) -> None:
    moodle.give(7.0)
    moodle.turn()
    moodle.give(8.5)
    moodle.turn()
    assert moodle.there().score == 8.5
    sent = len(moodle.platform.scores)
    moodle.show(False)
    moodle.show(True)  # two revisions, one grade
    moodle.turn()
    assert len(moodle.platform.scores) == sent
    assert moodle.cell().acked_revision == moodle.cell().wanted_revision


def test_of_many_changes_before_a_turn_the_last_is_sent_and_no_other(moodle: Connected) -> None:
    for score in (3.0, 9.0, 4.0):
        moodle.give(score)
    moodle.turn()
    assert [score["scoreGiven"] for score in moodle.platform.scores] == [4.0]


def test_a_grade_that_is_taken_back_is_erased_there_on_purpose(moodle: Connected) -> None:
    moodle.give(7.0)
    moodle.turn()
    moodle.give(None, excused=True)
    moodle.turn()
    assert moodle.there().score is None
    assert moodle.there().comments == [TAKEN_BACK]
    assert (moodle.state(), moodle.cell().acked_score) == ("acked", None)
    moodle.give(6.0)
    moodle.turn()
    assert (moodle.there().score, moodle.state()) == (6.0, "acked")


def test_what_was_never_sent_is_not_taken_back(moodle: Connected) -> None:
    moodle.show(False)
    moodle.give(7.0)
    moodle.turn()
    moodle.catch_up()
    moodle.turn()
    assert moodle.platform.requests == []


def test_hidden_grades_stay_here_until_they_are_released(moodle: Connected) -> None:
    moodle.show(False)
    moodle.give(7.0)
    moodle.turn()
    assert moodle.platform.scores == []
    moodle.show(True)
    moodle.turn()
    assert moodle.there().score == 7.0


@pytest.mark.parametrize(("family", "progress"), [("moodle", "FullyGraded"), ("canvas", "PendingManual")])
def test_drafts_go_where_the_course_says_so_and_are_never_erased(one_world: World, family: str, progress: str) -> None:
    with connected(one_world, Moodle() if family == "moodle" else Canvas(), family) as desk:
        desk.show(False)
        desk.give(7.0)
        with desk.world.backend.writing() as session:
            context = session.get_one(LtiContext, desk.context_id)
            sync_service.send_drafts(session, context, drafts=True, by=TEST, now=desk.now)
        desk.turn()
        [draft] = desk.platform.scores
        assert (draft["scoreGiven"], draft["gradingProgress"], draft["comment"]) == (7.0, progress, PROVISIONAL)
        assert (desk.there().score, desk.state()) == (7.0, "acked")
        desk.show(True)
        desk.turn()
        final = desk.platform.scores[-1]
        assert (final["scoreGiven"], final["gradingProgress"], "comment" in final) == (7.0, "FullyGraded", False)


def test_a_grade_from_before_the_course_was_connected_arrives(one_world: World) -> None:
    with connected(one_world, Moodle(), "moodle") as desk:
        with desk.world.backend.writing() as session:
            context = session.get_one(LtiContext, desk.context_id)
            context.course_id = None
        desk.give(7.0)
        desk.turn()
        with desk.world.backend.writing() as session:
            session.get_one(LtiContext, desk.context_id).course_id = desk.world.course.id
        assert desk.catch_up() == 1
        desk.turn()
        assert desk.there().score == 7.0
        assert desk.catch_up() == 0
