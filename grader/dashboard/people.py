"""Students who may want a hand: those who have not started, and those who try and do not get on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from grader.dashboard.figures import Needs, StudentNeed
from grader.db.models import Assignment, Enrolment, Grade, Role, Submission, SubmissionMember, User

SHOWN = 50
STUCK_ATTEMPTS = 3  # so many attempts at one assignment…
STUCK_SHARE = 0.5  # …and still less than this share of its points


def needs(session: Session, course_id: str, where: ColumnElement[bool]) -> Needs:
    """Over the assignments that `where` selects. For several, a student is stuck who is stuck in one of them."""
    students = (
        select(User.id, User.name, User.email, Enrolment.section, func.count().over().label("total"))
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.course_id == course_id, Enrolment.role == Role.STUDENT, User.active.is_(True))
        .order_by(User.name, User.email)
        .limit(SHOWN)
    )
    enrolled = session.scalar(students.with_only_columns(func.count()).order_by(None).limit(None)) or 0
    idle = session.execute(students.where(User.id.not_in(_tried(where, 1)))).all()
    stuck = session.execute(students.where(User.id.in_(_tried(where, STUCK_ATTEMPTS, stuck=True)))).all()
    tries = _tries(session, where, [row.id for row in stuck])
    return Needs(
        students=enrolled,
        not_started=[StudentNeed(r.id, r.name, r.email, r.section, 0, None, None) for r in idle],
        not_started_total=idle[0].total if idle else 0,
        stuck=[StudentNeed(r.id, r.name, r.email, r.section, *tries[r.id]) for r in stuck],
        stuck_total=stuck[0].total if stuck else 0,
    )


def _tried(where: ColumnElement[bool], number: int, *, stuck: bool = False) -> Any:
    """Who handed in for the `number`-th time; `stuck`: and has too few points all the same."""
    query = (
        select(Submission.student_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(where, Submission.number == number)
    )
    if not stuck:
        return query.union(*_tried_with_others(where, number))
    own = and_(Grade.student_id == Submission.student_id, Grade.assignment_id == Submission.assignment_id)
    excused = func.coalesce(Grade.excused, False)
    return query.outerjoin(Grade, own).where(func.coalesce(_share(), 0.0) < STUCK_SHARE, excused.is_(False))


def _tried_with_others(where: ColumnElement[bool], number: int) -> list[Any]:
    """The same for what counts for several: numbers are the group's, so a member may have the later ones alone."""
    shared = (
        select(Submission.id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(SubmissionMember, SubmissionMember.submission_id == Submission.id)
    )
    ids = shared.where(where, Submission.number >= number)
    return [ids.with_only_columns(Submission.student_id), ids.with_only_columns(SubmissionMember.student_id)]


def _tries(session: Session, where: ColumnElement[bool], students: Sequence[str]) -> dict[str, tuple[int, Any, Any]]:
    """Attempts, weakest share of the points and time of the last attempt, of the few that are shown."""
    own = and_(Grade.student_id == Submission.student_id, Grade.assignment_id == Submission.assignment_id)
    query = (
        select(Submission.student_id, func.count(), func.min(_share()), func.max(Submission.created_at))
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(Grade, own)
        .where(where, Submission.student_id.in_(students))
        .group_by(Submission.student_id)
    )
    return {student: (count, share, last) for student, count, share, last in session.execute(query)}


def _share() -> ColumnElement[Any]:
    return Grade.score / func.nullif(Grade.max_score, 0)
