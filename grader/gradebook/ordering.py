"""The order of a course's students by their totals: everybody's is worked out, from no more than totals need."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Course, Grade
from grader.gradebook.cells import Column, handed_in, is_overdue, share_of, weight_of
from grader.gradebook.total_rules import rule_of
from grader.gradebook.totals import Result, TotalRule, course_total
from grader.policies.queries import allowances_of
from grader.policies.terms import Allowance
from grader.time import utc_now


def by_total(
    session: Session, course_id: str, columns: Sequence[Column], students: Sequence[str], *, descending: bool
) -> list[str]:
    """The ids in a new order. Those without a total last, either way; equal ones stay in the order that they had."""
    rule = rule_of(session.get_one(Course, course_id))
    results = results_of(session, course_id, columns, students, rule)
    percents = [(course_total(rule, results[student]).percent, student) for student in students]
    known = [(percent, student) for percent, student in percents if percent is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [student for _, student in known] + [student for percent, student in percents if percent is None]


def allowances_for(
    session: Session, course_id: str, rule: TotalRule, student_id: str | None = None
) -> dict[tuple[str, str], Allowance]:
    """What students have beyond the others, as far as their totals depend on it."""
    if not rule.missing_zero:
        return {}
    given = courses.assignments_of(session, course_id, published_only=False)
    return allowances_of(session, given, student_id)


def results_of(
    session: Session, course_id: str, columns: Sequence[Column], students: Sequence[str], rule: TotalRule
) -> dict[str, list[Result]]:
    """What `result_of` says of every cell, without making the cells: that would take thrice as long."""
    now = utc_now()
    places = {column.id: place for place, column in enumerate(columns)}
    empty = [
        Result(weight_of(column, weighted=rule.weighted), overdue=is_overdue(column, None, now)) for column in columns
    ]
    found = {student: list(empty) for student in students}
    query = select(Grade.student_id, Grade.assignment_id, Grade.score, Grade.max_score, Grade.excused)
    for student, assignment, score, most, excused in session.execute(query.where(Grade.assignment_id.in_(places))):
        if (own := found.get(student)) is not None:
            place = places[assignment]
            usual, share = empty[place], share_of(columns[place], score, most)
            own[place] = Result(usual.weight, share, excused, False, usual.overdue)
    for student, assignment in handed_in(session, list(places), unfinished=True):
        if (own := found.get(student)) is not None:
            own[places[assignment]] = own[places[assignment]]._replace(waiting=True)
    for (student, assignment), allowance in allowances_for(session, course_id, rule).items():
        if (own := found.get(student)) is not None and assignment in places:
            place = places[assignment]
            own[place] = own[place]._replace(overdue=is_overdue(columns[place], allowance, now))
    return found
