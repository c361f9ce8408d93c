"""Grades from a change here to a platform's gradebook: real databases, a real server, a clock that the tests turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from grader.db.models import (
    Enrolment,
    Grade,
    LtiContext,
    LtiGradeSync,
    LtiLineItem,
    LtiRegistration,
    LtiResourceLink,
    SyncState,
)
from grader.embedded_redis import EmbeddedRedis
from grader.lms.lti import sync_queries, sync_service
from grader.lms.lti import sync_records as records
from grader.lms.lti.grades import PROVISIONAL, TAKEN_BACK
from grader.lms.lti.sync_errors import NothingToSend
from grader.lms.lti.sync_reconciling import last_night
from grader.wiring import Backend
from tests.support.lms.connected import Connected, connected
from tests.support.lms.gradebook import Answered, Canvas, Column, Moodle
from tests.support.world import TEST, World, graded, make_world

DAY = timedelta(days=1)


@pytest.fixture
def moodle(world: World) -> Iterator[Connected]:
    with connected(world, Moodle(), "moodle") as found:
        yield found


@pytest.fixture
def one_world(
    make_database: Callable[[str], str], redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]
) -> World:
    """On one database: for what has nothing to do with SQL."""
    return make_world(connect(make_database("sqlite"), redis_server.broker_url))


@pytest.fixture
def plain_moodle(one_world: World) -> Iterator[Connected]:
    with connected(one_world, Moodle(), "moodle") as found:
        yield found


@pytest.fixture
def canvas(one_world: World) -> Iterator[Connected]:
    with connected(one_world, Canvas(), "canvas") as found:
        yield found


# --- the ordinary way ---------------------------------------------------------------------------------------------


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


# --- columns ------------------------------------------------------------------------------------------------------


def test_a_column_is_found_before_one_is_made(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.page_rows = 2
    for number in range(5):
        desk.platform.gradebook.add(label=f"other {number}", scoreMaximum=5, resourceId=f"r{number}", tag="grade")
    desk.platform.gradebook.add(label="ours", scoreMaximum=20, resourceId=desk.world.assignment.id, tag="grade")
    desk.give(7.0)
    desk.turn()
    assert len(desk.platform.gradebook.columns) == 6
    assert (desk.there(column=6).score, desk.state()) == (14.0, "acked")  # 7 of 10 in a column of 20


def test_the_column_that_a_platform_made_with_the_link_is_taken(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.gradebook.add(label="of the link", scoreMaximum=100, resourceLinkId="77", tag="")
    desk.give(7.0)
    desk.turn()
    assert len(desk.platform.gradebook.columns) == 1
    assert (desk.there().score, desk.state()) == (70.0, "acked")


def test_a_column_of_which_the_launch_told_the_address_is_used_and_asked_for_its_points(
    plain_moodle: Connected,
) -> None:
    desk = plain_moodle
    column = desk.platform.gradebook.add(label="of the link", scoreMaximum=100, resourceLinkId="77", tag="")
    with desk.world.backend.writing() as session:
        session.execute(update(LtiResourceLink).values(line_item_url=desk.platform.line_item_url(column)))
        session.execute(update(LtiContext).values(line_items_url=""))
    desk.give(7.0)
    desk.turn()
    desk.give(8.0)
    desk.turn()
    assert (desk.there().score, desk.state()) == (80.0, "acked")
    asked = [path for method, path, _ in desk.platform.requests if method == "GET" and "/lineitem?" in path]
    assert len(asked) == 1
    with desk.world.backend.reading() as session:
        item = session.scalars(select(LtiLineItem)).one()
    assert (item.label, item.score_maximum) == ("of the link", 100.0)


def test_a_column_whose_making_was_not_heard_of_is_not_made_twice(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.give(3.0, student=desk.world.other)
    desk.platform.line_item_script = [(200, {}, "[]"), (503, {}, "busy")]
    desk.turn()
    assert desk.platform.gradebook.columns == {}
    desk.platform.gradebook.add(
        label="Loss 1", scoreMaximum=10, resourceId=desk.world.assignment.id, tag="grade"
    )  # it was made all the same
    desk.settle()
    assert len(desk.platform.gradebook.columns) == 1
    assert (desk.there().score, desk.there("u-bob").score) == (7.0, 3.0)
    assert desk.platform.scores[0]["https://canvas.instructure.com/lti/submission"]["new_submission"] is True


def test_a_column_that_was_removed_is_made_anew(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.turn()
    del desk.platform.gradebook.columns[1]
    desk.platform.gradebook.add(label="another one's", scoreMaximum=1, resourceId="other")
    desk.give(8.0)
    desk.settle()
    assert (desk.there(column=3).score, desk.state()) == (8.0, "acked")


def test_without_the_right_to_make_columns_a_person_is_told_why(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.line_item_script = [(200, {}, "[]"), *[(403, {}, "")] * 20]
    desk.give(7.0)
    desk.settle()
    assert desk.state() == "dead"
    assert "Allow grade synchronisation" in desk.cell().problem
    assert desk.failures() == ["dead"]


def test_a_link_to_the_whole_course_stands_for_every_assignment(one_world: World) -> None:
    with connected(one_world, Canvas(), "canvas") as desk:
        with desk.world.backend.writing() as session:
            session.execute(update(LtiResourceLink).values(assignment_id=None))
        desk.give(7.0)
        desk.turn()
        assert "resourceLinkId" not in desk.platform.gradebook.columns[1].body
        assert desk.there().score == 7.0


# --- failures -----------------------------------------------------------------------------------------------------


def test_a_platform_that_is_away_is_probed_by_one_and_then_all_arrive(moodle: Connected) -> None:
    moodle.give(7.0)
    moodle.turn()
    moodle.give(8.0)
    moodle.give(3.0, student=moodle.world.other)
    moodle.platform.script = [(503, {"Retry-After": "120"}, "down for maintenance")]
    assert moodle.turn() == 1
    tried = moodle.world.student if moodle.cell().tries else moodle.world.other
    assert moodle.cell(tried).state is SyncState.RETRY
    assert "maintenance" in moodle.cell(tried).excerpt
    assert moodle.turn(60) == 0  # Retry-After holds for the whole column
    assert moodle.turn(61) == 2
    assert (moodle.there().score, moodle.there("u-bob").score) == (8.0, 3.0)


def test_a_platform_that_stays_away_is_given_up_after_days_and_told_once(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.turn()
    desk.give(8.0)
    desk.platform.script = [(502, {}, "")] * 100
    began = desk.now
    desk.settle()
    assert desk.now - began > 3 * DAY
    assert (desk.state(), desk.failures()) == ("dead", ["dead"])
    assert "cannot be reached" in desk.cell().problem
    desk.platform.script = []
    desk.send_again()
    desk.turn()
    assert (desk.state(), desk.there().score) == ("acked", 8.0)


def test_asked_to_be_slower_with_403_canvas_is_asked_later(canvas: Connected) -> None:
    canvas.give(7.0)
    canvas.platform.script = [(403, {}, "403 Forbidden (Rate Limit Exceeded)")]
    canvas.turn()
    assert canvas.state() == "retry"
    canvas.settle()
    assert (canvas.state(), canvas.there().score) == ("acked", 7.0)


def test_a_first_grade_is_a_submission_in_canvas_and_a_regrade_none(canvas: Connected) -> None:
    for score in (7.0, 8.0, 9.0):
        canvas.give(score)
        canvas.turn()
    assert (canvas.there().submissions, canvas.there().score, canvas.there().comments) == (1, 9.0, [])


def test_no_attempts_left_in_canvas_keeps_no_grade_back(canvas: Connected) -> None:
    gradebook = canvas.platform.gradebook
    assert isinstance(gradebook, Canvas)
    gradebook.attempts = 0
    canvas.give(7.0)
    canvas.settle()
    assert (canvas.state(), canvas.there().score, canvas.there().submissions) == ("acked", 7.0, 0)


def test_what_the_platform_cuts_down_is_acknowledged_and_said(plain_moodle: Connected) -> None:
    plain_moodle.give(12.0)
    plain_moodle.settle()
    assert (plain_moodle.state(), plain_moodle.there().score) == ("acked", 10.0)
    assert plain_moodle.cell().problem == "The platform cut it down to 10 of 10."
    assert plain_moodle.reconcile().differ == 0


def test_a_zero_that_moodle_does_not_show_is_acknowledged_and_can_be_taken_back(plain_moodle: Connected) -> None:
    plain_moodle.give(0.0)
    plain_moodle.turn()
    assert (plain_moodle.state(), plain_moodle.there().score) == ("acked", 0.0)
    plain_moodle.give(None, excused=True)
    plain_moodle.turn()
    assert (plain_moodle.state(), plain_moodle.there().score) == ("acked", None)


def test_a_lease_that_ran_out_is_taken_up_and_the_late_answer_changes_nothing(moodle: Connected) -> None:
    moodle.give(7.0)
    moodle.hear()
    with moodle.world.backend.reading() as session:
        [item_id] = sync_queries.due_items(session, moodle.now)
    with moodle.world.backend.writing() as session:
        parcel = records.claim(session, item_id, moodle.now)
    assert parcel is not None
    assert moodle.state() == "posting"
    late = moodle.courier._carry(parcel)  # it arrived; the sender died before it could say so
    moodle.now += records.LEASE
    assert moodle.turn() == 1
    assert (moodle.state(), moodle.there().score) == ("acked", 7.0)
    before = moodle.cell()
    with moodle.world.backend.writing() as session:
        records.record(session, parcel, late, moodle.now)
    assert (moodle.cell().state, moodle.cell().acked_revision) == (before.state, before.acked_revision)


def test_two_couriers_do_not_send_the_same(moodle: Connected) -> None:
    moodle.give(7.0)
    moodle.hear()
    with moodle.world.backend.writing() as session:
        [item_id] = sync_queries.due_items(session, moodle.now)
        assert sync_queries.take_turn(session, item_id, moodle.now, moodle.now + timedelta(minutes=5))
    assert moodle.courier.serve(item_id) == 0
    assert moodle.turn() == 0
    moodle.now += timedelta(minutes=5)
    assert moodle.turn() == 1


def test_a_change_while_a_grade_is_being_sent_is_sent_afterwards(moodle: Connected) -> None:
    moodle.give(7.0)
    moodle.hear()
    with moodle.world.backend.writing() as session:
        [item_id] = sync_queries.due_items(session, moodle.now)
        parcel = records.claim(session, item_id, moodle.now)
    assert parcel is not None
    outcome = moodle.courier._carry(parcel)
    moodle.give(9.0)
    moodle.hear()
    with pytest.raises(NothingToSend):
        moodle.send_again()
    with moodle.world.backend.writing() as session:
        records.record(session, parcel, outcome, moodle.now)
    assert (moodle.state(), moodle.cell().acked_score) == ("queued", 7.0)
    moodle.turn()
    assert (moodle.state(), moodle.there().score) == ("acked", 9.0)


def test_a_registration_that_is_disabled_gets_nothing(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.hear()
    with desk.world.backend.writing() as session:
        session.execute(update(LtiRegistration).values(disabled_at=desk.now))
    assert desk.turn() == 0
    assert desk.platform.requests == []


def test_a_result_that_cannot_be_read_back_leaves_the_grade_acknowledged(plain_moodle: Connected) -> None:
    plain_moodle.platform.result_script = [(403, {}, "")]
    plain_moodle.give(7.0)
    plain_moodle.turn()
    assert plain_moodle.state() == "acked"
    assert "could not be read back" in plain_moodle.cell().problem


def test_answers_that_make_no_sense_break_nothing(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.line_item_script = [(200, {}, '{"not": "a list"}'), (200, {}, "[[[["), (200, {}, "[1, null, {}]")]
    desk.platform.result_script = [(200, {}, '[7, null, {"userId": "u-ada", "resultScore": "many"}]')]
    desk.give(7.0)
    desk.settle()
    assert desk.state() == "dead"  # twice no list of columns
    desk.send_again()
    desk.settle()
    assert (desk.state(), desk.there().score) == ("acked", 7.0)


class Unguarded(Moodle):
    """A platform that lets a tool write over a teacher's grade."""

    def post(self, column: Column, score: dict[str, Any]) -> Answered:
        column.cell(score["userId"]).overridden = False
        return super().post(column, score)


@pytest.mark.parametrize("sent_before", [True, False])
def test_where_nothing_protects_a_teachers_grade_we_look_first(one_world: World, sent_before: bool) -> None:
    with connected(one_world, Unguarded(), "other") as desk:
        desk.give(7.0)
        desk.give(3.0, student=desk.world.other)
        desk.turn()
        ada = desk.there()
        if not sent_before:
            with one_world.backend.writing() as session:
                cell = session.get_one(LtiGradeSync, desk.cell().id)
                cell.sent_score = cell.acked_score = None
        desk.platform.gradebook.override(1, "u-ada", 9.0)
        desk.give(8.0)
        desk.settle()
        assert (desk.state(), ada.score) == ("overridden", 9.0)
        assert "left alone" in desk.cell().problem
        desk.send_again()
        desk.settle()
        assert (desk.state(), ada.score) == ("acked", 8.0)
        desk.platform.gradebook.override(1, "u-ada", 9.5)
        desk.give(6.0)
        desk.settle()
        assert (desk.state(), ada.score) == ("overridden", 9.5)  # it was asked for once


def test_where_a_platform_lets_nobody_read_grades_are_sent_all_the_same(one_world: World) -> None:
    with connected(one_world, Unguarded(), "other") as desk:
        desk.platform.result_script = [(403, {}, "no such scope")] * 4
        desk.give(7.0)
        desk.settle()
        assert (desk.state(), desk.there().score) == ("acked", 7.0)


# --- reconciling --------------------------------------------------------------------------------------------------


def test_the_nightly_reading_finds_what_was_changed_there_and_overwrites_nothing(moodle: Connected) -> None:
    moodle.platform.page_rows = 1
    moodle.give(7.0)
    moodle.give(3.0, student=moodle.world.other)
    moodle.turn()
    assert moodle.reconcile().differ == 0
    moodle.platform.gradebook.override(1, "u-ada", 9.0)
    moodle.platform.gradebook.columns[1].cells.pop("u-bob")
    sent = len(moodle.platform.scores)
    found = moodle.reconcile()
    assert (found.compared, found.differ) == (2, 2)
    assert moodle.state() == moodle.state(moodle.world.other) == "overridden"
    assert "shows 9 of 10" in moodle.cell().difference
    assert "removed it there" in moodle.cell(moodle.world.other).difference
    assert sorted(moodle.failures()) == ["overridden"] * 2
    moodle.reconcile()
    assert len(moodle.failures()) == 2  # told once
    moodle.settle()
    assert len(moodle.platform.scores) == sent
    moodle.there().overridden, moodle.there().score = False, 7.0
    moodle.reconcile()
    assert (moodle.state(), moodle.cell().difference) == ("acked", "")


def test_results_that_cannot_be_read_are_said_and_change_no_cell(plain_moodle: Connected) -> None:
    plain_moodle.give(7.0)
    plain_moodle.turn()
    plain_moodle.platform.result_script = [(500, {}, "oops")]
    assert "status 500" in plain_moodle.reconcile().problem
    assert plain_moodle.state() == "acked"


def test_columns_are_reconciled_once_a_night(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.turn()
    desk.now = desk.now.replace(hour=12)  # whatever the hour in which the tests run
    with desk.world.backend.writing() as session:
        session.execute(update(LtiLineItem).values(created_at=desk.now))

    def due() -> list[str]:
        with desk.world.backend.reading() as session:
            return sync_queries.items_to_reconcile(session, last_night(desk.now), 10)

    assert due() == []  # made after last night
    desk.now += DAY
    assert len(due()) == 1
    desk.reconcile()
    assert due() == []
    desk.now += DAY
    assert len(due()) == 1


def test_a_link_elsewhere_in_a_list_of_results_does_not_get_the_token(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.turn()
    elsewhere = {"Link": '<https://evil.example.org/results>; rel="next"'}
    desk.platform.result_script = [(200, elsewhere, '[{"userId": "u-x"}]')]
    assert "another host" in desk.reconcile().problem


def test_a_student_who_left_the_course_here_gets_no_new_grade_there(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.turn()
    with desk.world.backend.writing() as session:
        session.execute(delete(Enrolment).where(Enrolment.user_id == desk.world.student.id))
    with desk.world.backend.writing() as session:
        grade = session.scalars(select(Grade)).one()
        grade.override_score, grade.score, grade.revision = 9.0, 9.0, grade.revision + 1
    assert desk.catch_up() == 0
    desk.turn()
    assert desk.there().score == 7.0
