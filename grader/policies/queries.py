"""Rules, dates and allowances out of the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import reduce

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assignments.policy import DatesSpec, PolicySpec
from grader.courses import queries as courses
from grader.courses.release import policy_of
from grader.courses.service import release_of
from grader.db.models import Assignment, AssignmentVersion, Extension, Submission, SubmissionStatus
from grader.groups import queries as groups
from grader.policies.terms import Allowance, Terms, merged, terms_for

# What failed through us, could not be graded at all, or was replaced before anybody looked, uses up no attempt.
FREE = (SubmissionStatus.FAILED, SubmissionStatus.REJECTED, SubmissionStatus.SUPERSEDED)


def policy_in_force(assignment: Assignment, version: AssignmentVersion | None) -> PolicySpec:
    """The rules that an instructor set for the assignment, else those of its package."""
    if assignment.policy is not None:
        return policy_of(assignment.policy)
    return release_of(version).policy if version is not None else PolicySpec()


def dates_of(assignment: Assignment) -> DatesSpec:
    return DatesSpec(assignment.opens_at, assignment.due_at, assignment.closes_at)


def terms_of(session: Session, assignment: Assignment, student_id: str) -> Terms:
    """The terms that hold for one student."""
    allowance = allowances_of(session, [assignment], student_id).get((student_id, assignment.id))
    policy = policy_in_force(assignment, courses.current_version(session, assignment.id))
    return terms_for(policy, dates_of(assignment), allowance)


def terms_of_course(session: Session, assignments: Iterable[Assignment], student_id: str) -> dict[str, Terms]:
    """The terms of several assignments for one student, by the assignments' ids; a fixed number of queries."""
    wanted = {assignment.id: assignment for assignment in assignments}
    own = allowances_of(session, list(wanted.values()), student_id)
    versions = courses.current_versions(session, wanted)
    return {
        key: terms_for(policy_in_force(assignment, versions.get(key)), dates_of(assignment), own.get((student_id, key)))
        for key, assignment in wanted.items()
    }


def allowances_of(
    session: Session, assignments: Collection[Assignment], student_id: str | None = None
) -> dict[tuple[str, str], Allowance]:
    """What students (or one of them) have of these assignments beyond the others, by their ids and the assignments'.

    Where a group shares extensions, what one member was given is there for each of them.
    """
    shared = groups.sharing(session, assignments, student_id)
    query = select(Extension).where(Extension.assignment_id.in_([assignment.id for assignment in assignments]))
    if student_id is not None:
        mates = {mate for found in shared.values() for mate in found}
        query = query.where(Extension.student_id.in_({student_id, *mates}))
    own = {(e.student_id, e.assignment_id): allowance_of(e) for e in session.scalars(query)}
    joint = {}
    for (student, assignment), group in shared.items():
        given = [own[mate, assignment] for mate in group if (mate, assignment) in own]
        if given:
            joint[student, assignment] = reduce(merged, given)
    return own | joint


def allowance_of(extension: Extension) -> Allowance:
    return Allowance(extension.due_at, extension.closes_at, extension.extra_attempts, extension.tokens)


def extension_of(session: Session, *, assignment_id: str, student_id: str) -> Extension | None:
    query = select(Extension).where(Extension.assignment_id == assignment_id, Extension.student_id == student_id)
    return session.scalar(query)


def attempts_made(session: Session, *, assignment_id: str, student_id: str) -> list[datetime]:
    """When the attempts that use one up were handed in, by the student or, in a group, by any of its members."""
    mates = groups.mates_of(session, session.get_one(Assignment, assignment_id), student_id)
    query = select(Submission.created_at).where(
        Submission.assignment_id == assignment_id,
        groups.counts_for(session, *mates),
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
    allowances = allowances_of(session, [assignment]).values()
    ends = [terms_for(policy, dates_of(assignment), allowance).closes_at for allowance in allowances]
    return max([assignment.closes_at, *(end for end in ends if end is not None)])
