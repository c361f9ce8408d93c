"""Grades on the way to a platform that is away, slow, strange or forbids it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from grader.db.models import (
    LtiGradeSync,
    LtiRegistration,
    SyncState,
)
from grader.lms.lti import sync_queries
from grader.lms.lti import sync_records as records
from grader.lms.lti.sync_errors import NothingToSend
from tests.support.lms.connected import Connected, connected
from tests.support.lms.gradebook import Answered, Canvas, Column, Moodle
from tests.support.world import World

DAY = timedelta(days=1)


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
