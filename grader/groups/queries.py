from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from grader.db.models import Assignment, GroupMember, StudentGroup, Submission, SubmissionMember, User
from grader.groups.rules import GroupRules


def counts_for(session: Session, *student_ids: str) -> ColumnElement[bool]:
    """The condition that a submission counts for one of these students: their own, and those of their groups."""
    own = Submission.student_id.in_(student_ids)
    query = select(SubmissionMember.submission_id).where(SubmissionMember.student_id.in_(student_ids))
    # Fetched first: as a part of the condition it would keep the database from using its indexes.
    shared = list(session.scalars(query))
    return or_(own, Submission.id.in_(shared)) if shared else own


def students_of(session: Session, submission: Submission) -> list[str]:
    """The ids of all for whom the submission counts, in the one order in which everybody locks."""
    query = select(SubmissionMember.student_id).where(SubmissionMember.submission_id == submission.id)
    return sorted({submission.student_id, *session.scalars(query)})


def others_of(session: Session, submission: Submission) -> list[User]:
    """For whom it counts beside the one who handed it in, by name."""
    query = (
        select(User)
        .join(SubmissionMember, SubmissionMember.student_id == User.id)
        .where(SubmissionMember.submission_id == submission.id)
        .order_by(User.name, User.email)
    )
    return list(session.scalars(query))


def counts_also_for(session: Session, submission_id: str, student_id: str) -> bool:
    return session.get(SubmissionMember, (submission_id, student_id)) is not None


def shared_of_assignment(session: Session, assignment_id: str) -> dict[str, list[str]]:
    """By submission: the ids of those for whom it counts beside the one who handed it in."""
    query = (
        select(SubmissionMember.submission_id, SubmissionMember.student_id)
        .join(Submission, Submission.id == SubmissionMember.submission_id)
        .where(Submission.assignment_id == assignment_id)
    )
    found: dict[str, list[str]] = {}
    for submission_id, student_id in session.execute(query):
        found.setdefault(submission_id, []).append(student_id)
    return found


def mates_of(session: Session, assignment: Assignment, student_id: str) -> list[str]:
    """The ids of all in the student's group now, the student's among them; alone where there is none."""
    if assignment.group_rules is None:
        return [student_id]
    own = select(GroupMember.group_id).where(
        GroupMember.assignment_id == assignment.id, GroupMember.student_id == student_id
    )
    found = session.scalars(select(GroupMember.student_id).where(GroupMember.group_id.in_(own)))
    return sorted({student_id, *found})


def sharing(
    session: Session, assignments: Iterable[Assignment], student_id: str | None = None
) -> dict[tuple[str, str], list[str]]:
    """(student's id, assignment's id) to the ids of all whose extensions hold for that student, where a group shares
    them; `student_id` None: of all students."""
    rules = {a.id: GroupRules.of(a.group_rules) for a in assignments}
    ids = [key for key, rule in rules.items() if rule is not None and rule.share_extensions]
    if not ids:
        return {}
    mate = aliased(GroupMember)
    query = (
        select(GroupMember.student_id, GroupMember.assignment_id, mate.student_id)
        .join(mate, mate.group_id == GroupMember.group_id)
        .where(GroupMember.assignment_id.in_(ids))
    )
    if student_id is not None:
        query = query.where(GroupMember.student_id == student_id)
    found: dict[tuple[str, str], list[str]] = {}
    for student, assignment, other in session.execute(query):
        found.setdefault((student, assignment), []).append(other)
    return found


def group_of(session: Session, assignment_id: str, student_id: str) -> StudentGroup | None:
    """The student's group with its members."""
    query = (
        select(StudentGroup)
        .join(GroupMember, GroupMember.group_id == StudentGroup.id)
        .where(GroupMember.assignment_id == assignment_id, GroupMember.student_id == student_id)
        .options(selectinload(StudentGroup.members).options(joinedload(GroupMember.student)))
    )
    return session.scalar(query.execution_options(populate_existing=True))


def groups_of(session: Session, assignment_id: str) -> list[StudentGroup]:
    """All groups of the assignment with their members, by name."""
    query = (
        select(StudentGroup)
        .where(StudentGroup.assignment_id == assignment_id)
        .options(selectinload(StudentGroup.members).options(joinedload(GroupMember.student)))
        .order_by(StudentGroup.name)
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def group_named(session: Session, assignment_id: str, name: str) -> StudentGroup | None:
    query = select(StudentGroup).where(StudentGroup.assignment_id == assignment_id, StudentGroup.name == name)
    return session.scalar(query)


def memberships(session: Session, assignment_id: str, student_ids: Collection[str]) -> list[GroupMember]:
    query = select(GroupMember).where(
        GroupMember.assignment_id == assignment_id, GroupMember.student_id.in_(student_ids)
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def lock_groups(session: Session, group_ids: Collection[str]) -> None:
    """Hold uploads of these groups, and other changes to them, back. Lock students first, then groups, each sorted."""
    query = select(StudentGroup.id).where(StudentGroup.id.in_(group_ids)).order_by(StudentGroup.id)
    session.execute(query.with_for_update())
