"""Forming groups: by staff, from a file, or by the students themselves where the assignment allows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.errors import unique_or
from grader.db.models import Assignment, GroupMember, Role, StudentGroup, Submission, User
from grader.grading import grades
from grader.groups import queries
from grader.groups.errors import GroupFixed, InvalidGroup, NoGroupsHere
from grader.groups.rules import LARGEST, GroupRules
from grader.submissions.queries import lock_student

LONGEST_NAME = 60
CODE_LENGTH = 10  # hexadecimal digits of the group's id that are random: who has them was told them


def rules_of(session: Session, assignment: Assignment) -> GroupRules:
    """The rules now; groups of the assignment are changed by one person at a time. Raises NoGroupsHere."""
    assignment = courses.lock_assignment(session, assignment.id)
    rules = GroupRules.of(assignment.group_rules)
    if rules is None:
        raise NoGroupsHere
    return rules


def set_rules(session: Session, *, assignment_id: str, rules: GroupRules | None, by: Actor) -> None:
    """Let groups hand in together by these rules; None: everybody works alone from now on. Groups that are there
    stay, also when they are larger. Raises InvalidGroup."""
    if rules is not None and not 2 <= rules.most <= LARGEST:
        raise InvalidGroup(f"A group can have from 2 to {LARGEST} members.")
    assignment = courses.lock_assignment(session, assignment_id)
    before, after = assignment.group_rules, rules.kept() if rules is not None else None
    if before == after:
        return
    assignment.group_rules = after
    session.flush()
    audit.record(session, by, "groups.rules-set", "assignment", assignment.id, before=before, after=after)
    grades.refresh_all(session, assignment, by)  # whether extensions are shared changes what late work is worth


def put(session: Session, *, assignment: Assignment, groups: Mapping[str, Sequence[User]], by: Actor) -> int:
    """Let each named group have exactly these members; they leave the groups where they are. A group without members
    is dissolved. Groups that are not named keep theirs. Tells how many groups changed.

    What was handed in stays with those for whom it counted then. Raises NoGroupsHere, InvalidGroup.
    """
    rules = rules_of(session, assignment)
    _require_sense(session, assignment, rules, groups)
    there = {group.name: group for group in queries.groups_of(session, assignment.id)}
    was = {name: {m.student_id for m in group.members} for name, group in there.items()}
    wanted = {name: {user.id for user in members} for name, members in groups.items()}
    moving = {user_id for name in wanted for user_id in wanted[name] ^ was.get(name, set())}
    for user_id in sorted(moving):
        lock_student(session, user_id)
    taken = {m.group_id for m in queries.memberships(session, assignment.id, moving)}
    queries.lock_groups(session, {*taken, *(there[name].id for name in wanted if name in there)})
    for membership in queries.memberships(session, assignment.id, moving):
        session.delete(membership)
    session.flush()
    changed = [name for name in sorted(wanted) if wanted[name] != was.get(name, set())]
    for name in changed:
        group = there.get(name) or _new(session, assignment, name)
        for user_id in sorted(wanted[name] & moving):
            _add(session, group, user_id)
        emails = sorted(user.email for user in groups[name])
        audit.record(session, by, "group.set", "group", group.id, after={"name": name, "members": emails})
    _drop_empty(session, assignment)
    for user_id in sorted({u for name in changed for u in wanted[name] | was.get(name, set())}):
        grades.refresh(session, user_id, assignment.id, by)
    return len(changed)


def found(session: Session, *, assignment: Assignment, student: User, name: str, by: Actor) -> StudentGroup:
    """A student starts a group. Raises NoGroupsHere, GroupFixed, InvalidGroup."""
    _require_free(session, assignment, student)
    name = _clean(name)
    if queries.group_named(session, assignment.id, name) is not None:
        raise InvalidGroup(f"There is already a group {name!r}. Choose another name, or join that group with its code.")
    group = _new(session, assignment, name)
    _add(session, group, student.id)
    audit.record(session, by, "group.founded", "group", group.id, after={"name": name})
    return group


def join(session: Session, *, assignment: Assignment, student: User, code: str, by: Actor) -> StudentGroup:
    """A student joins the group whose code a member has told. Raises NoGroupsHere, GroupFixed, InvalidGroup."""
    rules = _require_free(session, assignment, student)
    code = "".join(code.split()).lower()
    known = [g for g in queries.groups_of(session, assignment.id) if code_of(g) == code]
    if not known:
        raise InvalidGroup("No group has this code. Ask a member of the group for it and copy it as it is.")
    queries.lock_groups(session, [known[0].id])
    members = [member.student_id for member in known[0].members]
    if len(members) >= rules.most:
        raise InvalidGroup(f"This group is full: it has {len(members)} members.")
    if _has_handed_in(session, assignment, *members):
        raise GroupFixed("This group has handed in already. Ask the staff of your course to add you.")
    _add(session, known[0], student.id)
    audit.record(session, by, "group.joined", "group", known[0].id, after={"student": student.email})
    return known[0]


def leave(session: Session, *, assignment: Assignment, student: User, by: Actor) -> None:
    """Raises NoGroupsHere, GroupFixed."""
    _require_own_choice(session, assignment, student)
    for membership in queries.memberships(session, assignment.id, [student.id]):
        queries.lock_groups(session, [membership.group_id])
        audit.record(session, by, "group.left", "group", membership.group_id, after={"student": student.email})
        session.delete(membership)
    session.flush()
    _drop_empty(session, assignment)


def code_of(group: StudentGroup) -> str:
    """What lets a student join: nobody but the members and staff sees any of the group's id."""
    return group.id[-CODE_LENGTH:]


def _require_free(session: Session, assignment: Assignment, student: User) -> GroupRules:
    rules = _require_own_choice(session, assignment, student)
    if queries.memberships(session, assignment.id, [student.id]):
        raise GroupFixed("You are in a group already. Leave it first.")
    return rules


def _require_own_choice(session: Session, assignment: Assignment, student: User) -> GroupRules:
    rules = rules_of(session, assignment)
    if not rules.by_students:
        raise GroupFixed("The staff of your course form the groups. Ask them.")
    lock_student(session, student.id)
    if _has_handed_in(session, assignment, *queries.mates_of(session, assignment, student.id)):
        raise GroupFixed("Something was handed in already, so the group stays. Ask the staff of your course.")
    return rules


def _has_handed_in(session: Session, assignment: Assignment, *student_ids: str) -> bool:
    query = select(Submission.id).where(
        Submission.assignment_id == assignment.id, queries.counts_for(session, *student_ids)
    )
    return session.scalar(query.limit(1)) is not None


def _require_sense(
    session: Session, assignment: Assignment, rules: GroupRules, groups: Mapping[str, Sequence[User]]
) -> None:
    students = {e.user_id for e in courses.people_of(session, assignment.course_id) if e.role is Role.STUDENT}
    seen: dict[str, str] = {}
    for name, members in groups.items():
        if name != _clean(name):
            raise InvalidGroup(f"{name[:80]!r} is no name for a group.")
        if len(members) > rules.most:
            raise InvalidGroup(
                f"The group {name!r} would have {len(members)} members; at most {rules.most} are allowed."
            )
        for user in members:
            if user.id not in students:
                raise InvalidGroup(f"{user.email} is not a student of this course.")
            if seen.setdefault(user.id, name) != name:
                raise InvalidGroup(f"{user.email} would be in two groups: {seen[user.id]!r} and {name!r}.")


def _clean(name: str) -> str:
    """Raises InvalidGroup."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidGroup(f"A group needs a name of at most {LONGEST_NAME} characters that can be shown.")
    return name


def _new(session: Session, assignment: Assignment, name: str) -> StudentGroup:
    group = StudentGroup(assignment_id=assignment.id, name=name)
    with unique_or(session, InvalidGroup(f"There is already a group {name!r}.")):
        session.add(group)
    return group


def _add(session: Session, group: StudentGroup, student_id: str) -> None:
    session.add(GroupMember(group_id=group.id, assignment_id=group.assignment_id, student_id=student_id))
    session.flush()


def _drop_empty(session: Session, assignment: Assignment) -> None:
    for group in queries.groups_of(session, assignment.id):
        if not group.members:
            session.delete(group)
    session.flush()
