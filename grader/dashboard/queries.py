"""The figures of submissions and grades. Every function is one query, or a fixed small number of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, select
from sqlalchemy.orm import Session

from grader.dashboard.figures import BUCKETS, Turnaround
from grader.db.functions import room_for_groups, seconds_between, utc_day
from grader.db.models import Assignment, Enrolment, Extension, Grade, Role, Run, RunStatus, Submission, SubmissionStatus

FAILED = (SubmissionStatus.FAILED, SubmissionStatus.REJECTED)
WAITING = (SubmissionStatus.QUEUED, SubmissionStatus.RUNNING)
NEWEST_RUNS = 2000


@dataclass(frozen=True)
class HandedIn:
    """What was handed in for one assignment on one day (UTC)."""

    assignment_id: str
    day: str
    submitted: int = 0
    graded: int = 0
    failed: int = 0
    waiting: int = 0
    late: int = 0
    students: int = 0  # for whom it was the first time

    def plus(self, status: SubmissionStatus, count: int, late: int, first: int) -> HandedIn:
        return replace(
            self,
            submitted=self.submitted + count,
            graded=self.graded + (count if status is SubmissionStatus.GRADED else 0),
            failed=self.failed + (count if status in FAILED else 0),
            waiting=self.waiting + (count if status in WAITING else 0),
            late=self.late + late,
            students=self.students + first,
        )


def by_students(person: SQLColumnExpression[str], where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Leaves out what the course's staff handed in to try an assignment."""
    staff = (
        select(Enrolment.user_id)
        .join(Assignment, Assignment.course_id == Enrolment.course_id)
        .where(where, Enrolment.role != Role.STUDENT)
    )
    return person.not_in(staff.correlate(None))


def handed_in(session: Session, where: ColumnElement[bool]) -> list[HandedIn]:
    """One pass over the submissions gives the figures by day and by assignment; ordered by day."""
    room_for_groups(session)  # and no order in the query: either would make PostgreSQL sort every submission
    day = utc_day(Submission.created_at)
    own = and_(Extension.assignment_id == Submission.assignment_id, Extension.student_id == Submission.student_id)
    query = (
        select(
            Submission.assignment_id,
            day,
            Submission.status,
            func.count(),
            _count_if(Submission.created_at > func.coalesce(Extension.due_at, Assignment.due_at)),
            # Every student has one first submission: cheaper than counting who is distinct.
            _count_if(Submission.number == 1),
        )
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(Extension, own)
        .where(where, by_students(Submission.student_id, where))
        .group_by(Submission.assignment_id, day, Submission.status)
    )
    found: dict[tuple[str, str], HandedIn] = {}
    for assignment_id, on, status, count, late, first in session.execute(query):
        key = (str(on), assignment_id)
        found[key] = found.get(key, HandedIn(assignment_id, str(on))).plus(status, count, late, first)
    return [found[key] for key in sorted(found)]


def assignments(session: Session, where: ColumnElement[bool]) -> list[tuple[Assignment, float | None]]:
    """The assignments by due date, each with the mean share of the points over its grades."""
    graded = (
        select(Grade.assignment_id, func.avg(_share()).label("mean"))
        .join(Assignment, Assignment.id == Grade.assignment_id)
        .where(where, Grade.score.is_not(None), Grade.max_score > 0, by_students(Grade.student_id, where))
        .group_by(Grade.assignment_id)
        .subquery()
    )
    query = (
        select(Assignment, graded.c.mean)
        .outerjoin(graded, graded.c.assignment_id == Assignment.id)
        .where(where)
        .order_by(Assignment.due_at.is_(None), Assignment.due_at, Assignment.title)
    )
    return [(assignment, mean) for assignment, mean in session.execute(query)]


def score_distribution(session: Session, where: ColumnElement[bool]) -> list[int]:
    """How many grades lie in each tenth of the points; full marks are in the last."""
    # Counting the limits that a share reaches needs no rounding, which the databases do differently.
    limits = (index / BUCKETS - 1e-9 for index in range(1, BUCKETS))
    bucket = reduce(add, (case((_share() >= limit, 1), else_=0) for limit in limits)).label("bucket")
    query = (
        select(bucket, func.count())
        .select_from(Grade)
        .join(Assignment, Assignment.id == Grade.assignment_id)
        .where(where, Grade.score.is_not(None), Grade.max_score > 0, by_students(Grade.student_id, where))
        .group_by(bucket)
    )
    found = {int(row[0]): int(row[1]) for row in session.execute(query)}
    return [found.get(index, 0) for index in range(BUCKETS)]


def turnaround(session: Session, where: ColumnElement[bool]) -> Turnaround:
    """Median and 95th percentile of the newest runs that ended with a result."""
    newest = (
        select(seconds_between(Run.created_at, Run.finished_at).label("seconds"))
        .join(Submission, Submission.id == Run.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(where, Run.status == RunStatus.DONE, Run.finished_at.is_not(None))
        .order_by(Run.id.desc())
        .limit(NEWEST_RUNS)
        .subquery()
    )
    ranked = select(
        newest.c.seconds,
        func.row_number().over(order_by=newest.c.seconds).label("place"),
        func.count().over().label("runs"),
    ).subquery()
    median, percentile = (ranked.c.runs + 1) // 2, (ranked.c.runs * 95 + 99) // 100
    query = select(ranked.c.runs, ranked.c.place, ranked.c.seconds).where(ranked.c.place.in_((median, percentile)))
    rows = session.execute(query.order_by(ranked.c.place)).all()
    if not rows:
        return Turnaround(0, None, None)
    return Turnaround(rows[0][0], rows[0][2], rows[-1][2])


def _share() -> ColumnElement[Any]:
    return Grade.score / Grade.max_score


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
