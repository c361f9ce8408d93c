"""Students who may want a hand: those who have not started, and those who try and do not get on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from grader.dashboard.figures import Needs, StudentNeed
from grader.db.models import Assignment, Enrolment, Grade, Role, Submission, User

SHOWN = 50
STUCK_ATTEMPTS = 3  # so many attempts at one assignment…
STUCK_SHARE = 0.5  # …and still less than this share of its points


def needs(session: Session, course_id: str, where: ColumnElement[bool]) -> Needs:
    """Over the assignments that `where` selects. For several, a student is stuck who is stuck in one of them."""
    tried = _tried(where)
    students = and_(Enrolment.course_id == course_id, Enrolment.role == Role.STUDENT, User.active.is_(True))
    enrolled = session.scalar(select(func.count()).select_from(Enrolment).join(Enrolment.user).where(students)) or 0
    columns = (
        User.id, User.name, User.email, Enrolment.section,
        func.coalesce(tried.c.attempts, 0), tried.c.best, tried.c.last_at, func.count().over(),
    )  # fmt: skip
    base = (
        select(*columns)
        .select_from(Enrolment)
        .join(Enrolment.user)
        .outerjoin(tried, tried.c.student_id == User.id)
        .where(students)
        .limit(SHOWN)
    )
    not_started = base.where(tried.c.student_id.is_(None)).order_by(User.name, User.email)
    stuck = base.where(tried.c.stuck > 0).order_by(tried.c.attempts.desc(), User.name, User.email)
    first, first_total = _rows(session, not_started)
    second, second_total = _rows(session, stuck)
    return Needs(enrolled, first, first_total, second, second_total)


def _tried(where: ColumnElement[bool]) -> Subquery:
    """One row a student with submissions: how many, the best share of the points, and in how many it is stuck."""
    each = (
        select(
            Submission.student_id,
            Submission.assignment_id,
            func.count().label("attempts"),
            func.max(Submission.created_at).label("last_at"),
        )
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(where)
        .group_by(Submission.student_id, Submission.assignment_id)
        .subquery()
    )
    share = Grade.score / func.nullif(Grade.max_score, 0)
    is_stuck = and_(
        each.c.attempts >= STUCK_ATTEMPTS, or_(share.is_(None), share < STUCK_SHARE),
        or_(Grade.excused.is_(None), Grade.excused.is_(False)),
    )  # fmt: skip
    own = and_(Grade.student_id == each.c.student_id, Grade.assignment_id == each.c.assignment_id)
    return (
        select(
            each.c.student_id,
            func.sum(each.c.attempts).label("attempts"),
            func.max(each.c.last_at).label("last_at"),
            func.min(share).label("best"),  # for one assignment the only one, for many the weakest
            func.count().filter(is_stuck).label("stuck"),
        )
        .outerjoin(Grade, own)
        .group_by(each.c.student_id)
        .subquery()
    )


def _rows(session: Session, query: Any) -> tuple[list[StudentNeed], int]:
    rows = session.execute(query).all()
    return [StudentNeed(*row[:-1]) for row in rows], rows[0][-1] if rows else 0
