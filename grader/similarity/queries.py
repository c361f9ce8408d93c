from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from grader.db.models import (
    Assignment,
    Comparison,
    ComparisonStatus,
    Course,
    Enrolment,
    PairDecision,
    Role,
    SimilarPair,
    Submission,
    SubmissionMember,
    SubmissionStatus,
)

ACTIVE = (ComparisonStatus.WAITING, ComparisonStatus.RUNNING)


@dataclass(frozen=True)
class Handed:
    """A submission to compare. `people`: whose work it is; a person is never compared with themselves."""

    id: str
    digest: str
    people: frozenset[str]


def newest_of_each(session: Session, assignment_ids: Sequence[str]) -> list[Handed]:
    """Every student's newest submission that could be read as a notebook; staff's own tries are left out."""
    newest = (
        select(Submission.student_id, Submission.assignment_id, func.max(Submission.number).label("number"))
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Enrolment, (Enrolment.user_id == Submission.student_id) & (Enrolment.course_id == Assignment.course_id))
        .where(
            Submission.assignment_id.in_(assignment_ids),
            Submission.status != SubmissionStatus.REJECTED,
            Enrolment.role == Role.STUDENT,
        )
        .group_by(Submission.student_id, Submission.assignment_id)
        .subquery()
    )
    same = (
        (Submission.student_id == newest.c.student_id)
        & (Submission.assignment_id == newest.c.assignment_id)
        & (Submission.number == newest.c.number)
    )
    query = select(Submission.id, Submission.digest, Submission.student_id).join(newest, same).order_by(Submission.id)
    rows = session.execute(query).all()
    others: dict[str, set[str]] = {}
    wanted = select(Submission.id).join(newest, same)
    for submission_id, student_id in session.execute(
        select(SubmissionMember.submission_id, SubmissionMember.student_id).where(
            SubmissionMember.submission_id.in_(wanted)
        )
    ):
        others.setdefault(submission_id, set()).add(student_id)
    return [Handed(id_, digest, frozenset({student, *others.get(id_, ())})) for id_, digest, student in rows]


def earlier_assignments(session: Session, assignment: Assignment, user_id: str) -> list[str]:
    """The same assignment in other courses of whose staff the person is: others' work is not theirs to read."""
    query = (
        select(Assignment.id)
        .join(Course, Course.id == Assignment.course_id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(
            Assignment.slug == assignment.slug,
            Assignment.id != assignment.id,
            Enrolment.user_id == user_id,
            Enrolment.role != Role.STUDENT,
        )
    )
    return list(session.scalars(query))


def latest(session: Session, assignment_id: str) -> Comparison | None:
    query = (
        select(Comparison)
        .where(Comparison.assignment_id == assignment_id)
        .order_by(Comparison.id.desc())
        .limit(1)
        .options(joinedload(Comparison.starter))
    )
    return session.scalar(query)


def unfinished(session: Session) -> list[Comparison]:
    return list(session.scalars(select(Comparison).where(Comparison.status.in_(ACTIVE)).order_by(Comparison.id)))


def pairs(
    session: Session, assignment_id: str, *, dismissed: bool, limit: int, offset: int
) -> tuple[list[SimilarPair], int]:
    """The most alike first, and how many there are in all."""
    wanted: list[ColumnElement[bool]] = [SimilarPair.assignment_id == assignment_id]
    if not dismissed:
        wanted.append(SimilarPair.decision != PairDecision.DISMISSED)
    total = session.scalar(select(func.count()).select_from(SimilarPair).where(*wanted)) or 0
    query = (
        select(SimilarPair)
        .where(*wanted)
        .order_by(SimilarPair.score.desc(), SimilarPair.shared.desc(), SimilarPair.id)
        .limit(limit)
        .offset(offset)
        .options(*_loaded())
    )
    return list(session.scalars(query)), total


def pair(session: Session, pair_id: str, assignment_id: str, *, lock: bool = False) -> SimilarPair | None:
    query = select(SimilarPair).where(SimilarPair.id == pair_id, SimilarPair.assignment_id == assignment_id)
    query = query.options(*_loaded())
    return session.scalar(query.with_for_update(of=SimilarPair) if lock else query)


def decisions(session: Session, assignment_id: str) -> dict[tuple[str, str], SimilarPair]:
    found = session.scalars(select(SimilarPair).where(SimilarPair.assignment_id == assignment_id))
    return {(pair.first_id, pair.second_id): pair for pair in found}


def _loaded() -> tuple[ExecutableOption, ...]:
    sides = (SimilarPair.first, SimilarPair.second)
    return (
        *(selectinload(side).joinedload(Submission.student) for side in sides),
        *(selectinload(side).joinedload(Submission.assignment).joinedload(Assignment.course) for side in sides),
        selectinload(SimilarPair.decider),
    )
