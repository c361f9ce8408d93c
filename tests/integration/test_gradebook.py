"""Policies, extensions, overrides and release, as they change grades. On SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from assignments.policy import DatesSpec, PolicySpec
from grader.audit.service import Actor
from grader.db.models import Assignment, Grade, OutboxMessage, Submission, User
from grader.gradebook import bulk, extensions, overrides, policies, table, total_rules
from grader.gradebook.cells import NOTHING
from grader.gradebook.errors import (
    EditConflict,
    InvalidGrade,
    InvalidPolicy,
    InvalidTotal,
    NotAStudent,
    NoTokens,
    NotYours,
)
from grader.gradebook.overrides import Decision
from grader.gradebook.totals import TotalRule
from grader.policies.errors import HandInRefused
from grader.policies.terms import Allowance
from grader.time import utc_now
from tests.support.world import TEST, World, graded

DAY = timedelta(days=1)


def set_policy(world: World, *, due: timedelta | None = None, closes: timedelta | None = None, **rules: Any) -> None:
    now = utc_now()
    dates = DatesSpec(due_at=now + due if due else None, closes_at=now + closes if closes else None)
    with world.backend.writing() as session:
        world.assignment = policies.set_policy(
            session,
            assignment_id=world.assignment.id,
            policy=replace(PolicySpec(), **rules),
            dates=dates,
            expected=world.assignment.policy_revision,
            by=Actor.of(world.instructor),
        ).assignment


def decide(world: World, decision: Decision, expected: int) -> Grade:
    with world.backend.writing() as session:
        return overrides.decide(
            session,
            assignment=world.assignment,
            student=world.student,
            decision=decision,
            expected=expected,
            by=Actor.of(world.instructor),
        )


def submit_graded(world: World, score: float, source: str = "x = 1") -> Submission:
    accepted = world.submit(source)
    world.record(graded(accepted.run, score))
    return accepted.submission


def score_of(world: World) -> float | None:
    grade = world.grade()
    assert grade is not None
    return grade.score


def events(world: World) -> list[tuple[str, float | None]]:
    with world.backend.reading() as session:
        rows = session.scalars(
            select(OutboxMessage).where(OutboxMessage.kind.like("grade.%")).order_by(OutboxMessage.id)
        )
        return [(row.kind, row.payload["score"]) for row in rows]


def test_a_late_penalty_set_afterwards_changes_grades_and_taking_it_back_restores_them(world: World) -> None:
    submit_graded(world, 8.0)
    set_policy(world, due=-DAY, late_percent=10)
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.raw_score, grade.kept_share) == (7.2, 8.0, 0.9)
    set_policy(world)
    assert score_of(world) == 8.0
    assert events(world) == [("grade.changed", 8.0), ("grade.changed", 7.2), ("grade.changed", 8.0)]


def test_last_and_chosen_attempts_count_where_the_rules_say_so(world: World) -> None:
    good, bad = submit_graded(world, 9.0), submit_graded(world, 4.0, "x = 2")
    assert score_of(world) == 9.0
    set_policy(world, counted="last")
    assert score_of(world) == 4.0
    set_policy(world, counted="chosen")
    assert score_of(world) == 9.0
    by = Actor.of(world.student)
    with world.backend.writing() as session:
        overrides.choose(session, assignment=world.assignment, student=world.student, submission=bad, by=by)
    assert score_of(world) == 4.0
    with pytest.raises(NotYours), world.backend.writing() as session:
        overrides.choose(session, assignment=world.assignment, student=world.other, submission=good, by=by)


def test_attempts_run_out_and_an_extension_gives_more(world: World) -> None:
    set_policy(world, attempts=1)
    world.submit()
    with pytest.raises(HandInRefused, match="attempt are used"):
        world.submit("x = 2")
    with world.backend.writing() as session:
        extensions.grant(
            session,
            assignment=world.assignment,
            students=[world.student],
            allowance=Allowance(extra_attempts=1),
            reason="ill",
            by=Actor.of(world.instructor),
        )
    assert world.submit("x = 2").submission.number == 2


def test_what_failed_through_us_uses_up_no_attempt(world: World) -> None:
    set_policy(world, attempts=1)
    accepted = world.submit()
    with world.backend.writing() as session:
        found = session.get_one(Submission, accepted.submission.id)
        found.status = type(found.status)("failed")
    assert world.submit("x = 2").submission.number == 2


def test_cool_down_and_closing_refuse_with_the_time(world: World) -> None:
    set_policy(world, cooldown_minutes=10)
    world.submit()
    with pytest.raises(HandInRefused, match="wait 10 minutes"):
        world.submit("x = 2")
    set_policy(world, due=-2 * DAY, closes=-DAY)
    with pytest.raises(HandInRefused, match="closed on"):
        world.submit("x = 2")
    assert world.submit("x = 3", student=world.instructor).submission.number == 1


def test_late_tokens_move_the_due_date_until_they_are_spent(world: World) -> None:
    submit_graded(world, 10.0)
    set_policy(world, due=-DAY / 2, late_percent=50, late_tokens=2)
    assert score_of(world) == 5.0
    by = Actor.of(world.student)

    def spend() -> None:
        with world.backend.writing() as session:
            assignment = session.get_one(Assignment, world.assignment.id)
            extensions.spend_token(session, assignment=assignment, student=world.student, by=by)

    with pytest.raises(NoTokens):
        spend()
    with world.backend.writing() as session:
        policies.set_late_tokens(session, course_id=world.course.id, tokens=1, by=by)
    spend()
    assert score_of(world) == 10.0
    with pytest.raises(NoTokens):
        spend()


def test_an_override_holds_against_new_results_and_can_be_taken_back(world: World) -> None:
    submit_graded(world, 5.0)
    grade = world.grade()
    assert grade is not None
    decided = decide(world, Decision(7.5, note="the figure was right"), grade.revision)
    assert (decided.score, decided.computed_score, decided.revision) == (7.5, 5.0, grade.revision + 1)
    submit_graded(world, 6.0, "x = 2")
    latest = world.grade()
    assert latest is not None
    assert (latest.score, latest.computed_score) == (7.5, 6.0)
    assert decide(world, Decision(), latest.revision).score == 6.0
    assert events(world) == [("grade.changed", 5.0), ("grade.changed", 7.5), ("grade.changed", 6.0)]


def test_two_instructors_at_one_moment_lose_nothing_silently(world: World) -> None:
    submit_graded(world, 5.0)
    seen = world.grade()
    assert seen is not None
    decide(world, Decision(8.0, note="one"), seen.revision)
    with pytest.raises(EditConflict) as conflict:
        decide(world, Decision(3.0, note="two"), seen.revision)
    assert "8 of 10 points, set by a person" in conflict.value.theirs
    assert conflict.value.yours == "3 points"
    assert decide(world, Decision(3.0, note="two"), conflict.value.revision).score == 3.0


def test_excused_students_have_no_score_and_an_override_needs_sense(world: World) -> None:
    excused = decide(world, Decision(excused=True, note="exchange year"), 0)
    assert (excused.score, excused.excused) == (None, True)
    for wrong in (Decision(5.0), Decision(99.0, note="x"), Decision(float("nan"), note="x"), Decision(1.0, True, "x")):
        with pytest.raises(InvalidGrade):
            decide(world, wrong, excused.revision)
    with pytest.raises(NotAStudent), world.backend.writing() as session:
        overrides.decide(
            session,
            assignment=world.assignment,
            student=world.instructor,
            decision=Decision(1.0, note="x"),
            expected=0,
            by=Actor.of(world.instructor),
        )


def test_hidden_grades_are_owed_to_nobody_until_they_are_released(world: World) -> None:
    by = Actor.of(world.instructor)
    with world.backend.writing() as session:
        overrides.show_grades(session, assignment=world.assignment, shown=False, by=by)
    submit_graded(world, 5.0)
    assert events(world) == []
    with world.backend.writing() as session:
        assert overrides.show_grades(session, assignment=world.assignment, shown=True, by=by) == 1
        assert overrides.show_grades(session, assignment=world.assignment, shown=True, by=by) == 0
    assert events(world) == [("grade.released", 5.0)]


def test_a_policy_that_changed_meanwhile_is_not_overwritten(world: World) -> None:
    before = world.assignment
    set_policy(world, attempts=3)
    world.assignment = before
    with pytest.raises(EditConflict, match=r"attempts = 3.*attempts = 5"):
        set_policy(world, attempts=5)
    with pytest.raises(InvalidPolicy, match="late_percent"):
        set_policy(world, late_percent=101)


def test_the_table_has_every_student_and_cell_and_a_history(world: World) -> None:
    submit_graded(world, 5.0)
    decide(world, Decision(6.0, note="bonus"), 1)
    with world.backend.reading() as session:
        book = table.gradebook(session, world.course.id, table.GradebookFilter(sort="total", descending=True))
        history = table.history_of(session, assignment=world.assignment, student_id=world.student.id)
        found = table.gradebook(session, world.course.id, table.GradebookFilter(text="BOB", section=""))
    assert [row.student.name for row in book.rows] == ["Ada", "Bob"]
    assert book.rows[0].cells[0].overridden
    assert book.rows[0].points == (6.0, 10.0)
    assert book.rows[0].total.percent == pytest.approx(60.0)
    assert book.rows[1].cells[0] == NOTHING
    assert [entry.action for entry in history] == ["grade.changed", "grade.changed"]
    assert (found.total, found.rows[0].student.name) == (1, "Bob")


def set_total(world: World, rule: TotalRule, expected: int, weight: float | None = None) -> None:
    weights = {} if weight is None else {world.assignment.slug: weight}
    with world.backend.writing() as session:
        total_rules.set_total(
            session, course_id=world.course.id, rule=rule, weights=weights, expected=expected, by=TEST
        )


def totals_of(world: World, sort: str = "name") -> dict[str, float | None]:
    with world.backend.reading() as session:
        book = table.gradebook(session, world.course.id, table.GradebookFilter(sort=sort))
    return {row.student.name: row.total.percent for row in book.rows}


def test_missing_work_is_zero_after_the_students_own_due_date(world: World) -> None:
    submit_graded(world, 5.0)
    set_total(world, TotalRule(missing_zero=True), 0)
    set_policy(world, due=DAY)
    assert totals_of(world) == {"Ada": 50.0, "Bob": None}
    set_policy(world, due=-DAY)
    assert totals_of(world) == {"Ada": 50.0, "Bob": 0.0}
    with world.backend.writing() as session:
        extensions.grant(
            session,
            assignment=world.assignment,
            students=[world.other],
            allowance=Allowance(due_at=world.now + DAY),
            reason="ill",
            by=TEST,
        )
    assert totals_of(world) == {"Ada": 50.0, "Bob": None}


def test_what_failed_through_us_is_not_missing_and_what_was_rejected_is(world: World) -> None:
    set_total(world, TotalRule(missing_zero=True), 0)
    accepted = world.submit()
    set_policy(world, due=-DAY)
    for status, total in (("queued", None), ("failed", None), ("rejected", 0.0)):
        with world.backend.writing() as session:
            found = session.get_one(Submission, accepted.submission.id)
            found.status = type(found.status)(status)
        assert totals_of(world)["Ada"] == total


def test_the_table_can_be_sorted_by_the_total_whatever_it_is_made_of(world: World) -> None:
    submit_graded(world, 5.0)
    decide(world, Decision(9.0, note="bonus"), 1)
    assert list(totals_of(world, "total")) == ["Ada", "Bob"]
    set_total(world, TotalRule(missing_zero=True), 0)
    set_policy(world, due=-DAY)
    assert list(totals_of(world, "total").items()) == [("Bob", 0.0), ("Ada", 90.0)]


def test_a_rule_that_somebody_changed_meanwhile_is_not_overwritten(world: World) -> None:
    set_total(world, TotalRule(drop_lowest=1), 0, weight=2.5)
    with pytest.raises(EditConflict, match=r"drop_lowest = 1.*drop_lowest = 3"):
        set_total(world, TotalRule(drop_lowest=3), 0)
    with pytest.raises(InvalidTotal, match="weight of"):
        set_total(world, TotalRule(), 1, weight=-1.0)
    with world.backend.reading() as session:
        assert session.get_one(Assignment, world.assignment.id).weight == 2.5


def test_many_are_excused_at_once_and_scores_that_a_person_set_stay(world: World) -> None:
    submit_graded(world, 5.0)
    decide(world, Decision(6.0, note="bonus"), 1)

    def excuse(note: str, *students: User, excused: bool = True) -> bulk.Excused:
        with world.backend.writing() as session:
            return bulk.excuse(
                session, assignment=world.assignment, students=students, excused=excused, note=note, by=TEST
            )

    done = excuse("ill", world.student, world.other)
    assert (done.done, [user.name for user in done.left]) == (1, ["Ada"])
    assert score_of(world) == 6.0
    other = world.grade(world.other)
    assert other is not None
    assert (other.excused, other.note) == (True, "ill")
    assert excuse("", world.other, excused=False).done == 1
    with pytest.raises(InvalidGrade, match="why"):
        excuse(" ", world.other)
    with pytest.raises(NotAStudent):
        excuse("ill", world.other, world.instructor)
    after = world.grade(world.other)
    assert after is not None
    assert not after.excused, "nothing is done for the others when one cannot be"
