"""What a platform shows is read at night and compared with what was sent."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from grader.db.models import (
    Enrolment,
    Grade,
    LtiLineItem,
)
from grader.lms.lti import sync_queries
from grader.lms.lti.sync_reconciling import last_night
from tests.support.lms.connected import Connected

DAY = timedelta(days=1)


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
