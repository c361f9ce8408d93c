"""Rules, dates and allowances out of the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assignments.policy import DatesSpec, PolicySpec
from grader.courses import queries as courses
from grader.courses.release import policy_of
from grader.courses.service import release_of
from grader.db.models import Assignment, AssignmentVersion, Extension, Submission, SubmissionStatus
from grader.policies.terms import Allowance, Terms, terms_for

# What failed through us, or could not be graded at all, uses up no attempt.
FREE = (SubmissionStatus.FAILED, SubmissionStatus.REJECTED)


def policy_in_force(assignment: Assignment, version: AssignmentVersion | None) -> PolicySpec:
    """The rules that an instructor set for the assignment, else those of its package."""
    if assignment.policy is not None:
        return policy_of(assignment.policy)
    return release_of(version).policy if version is not None else PolicySpec()


def dates_of(assignment: Assignment) -> DatesSpec:
    return DatesSpec(assignment.opens_at, assignment.due_at, assignment.closes_at)


def terms_of(session: Session, assignment: Assignment, student_id: str) -> Terms:
    """The terms that hold for one student."""
    extension = extension_of(session, assignment_id=assignment.id, student_id=student_id)
    policy = policy_in_force(assignment, courses.current_version(session, assignment.id))
    return terms_for(policy, dates_of(assignment), allowance_of(extension) if extension else None)


def terms_of_course(session: Session, assignments: Iterable[Assignment], student_id: str) -> dict[str, Terms]:
    """The terms of several assignments for one student, by the assignments' ids; three queries."""
    wanted = {assignment.id: assignment for assignment in assignments}
    own = {
        e.assignment_id: allowance_of(e)
        for e in session.scalars(
            select(Extension).where(Extension.student_id == student_id, Extension.assignment_id.in_(wanted))
        )
    }
    versions = courses.current_versions(session, wanted)
    return {
        key: terms_for(policy_in_force(assignment, versions.get(key)), dates_of(assignment), own.get(key))
        for key, assignment in wanted.items()
    }


def allowances_of(session: Session, assignment_id: str) -> dict[str, Allowance]:
    """What students have of the assignment beyond the others, by their ids."""
    found = session.scalars(select(Extension).where(Extension.assignment_id == assignment_id))
    return {extension.student_id: allowance_of(extension) for extension in found}


def allowance_of(extension: Extension) -> Allowance:
    return Allowance(extension.due_at, extension.closes_at, extension.extra_attempts, extension.tokens)


def extension_of(session: Session, *, assignment_id: str, student_id: str) -> Extension | None:
    query = select(Extension).where(Extension.assignment_id == assignment_id, Extension.student_id == student_id)
    return session.scalar(query)


def attempts_made(session: Session, *, assignment_id: str, student_id: str) -> list[datetime]:
    """When the student's attempts that use one up were handed in."""
    query = select(Submission.created_at).where(
        Submission.assignment_id == assignment_id,
        Submission.student_id == student_id,
        Submission.status.not_in(FREE),
    )
    return list(session.scalars(query))


def tokens_spent(session: Session, *, course_id: str, student_id: str) -> int:
    """How many late tokens the student has spent in the course."""
    query = (
        select(func.coalesce(func.sum(Extension.tokens), 0))
        .join(Extension.assignment)
        .where(Assignment.course_id == course_id, Extension.student_id == student_id)
    )
    return int(session.scalar(query) or 0)


def closed_for_everybody_at(session: Session, assignment: Assignment) -> datetime | None:
    """From when on nobody can hand in any more; None when that never comes."""
    if assignment.closes_at is None:
        return None
    policy = policy_in_force(assignment, courses.current_version(session, assignment.id))
    allowances = allowances_of(session, assignment.id).values()
    ends = [terms_for(policy, dates_of(assignment), allowance).closes_at for allowance in allowances]
    return max([assignment.closes_at, *(end for end in ends if end is not None)])
