"""What staff see of an assignment's groups."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, Role
from grader.groups import queries
from grader.groups.rules import GroupRules, group_text
from grader.groups.service import code_of
from grader.web.access import AssignmentScope
from grader.web.tables import Column, Row, Table


@dataclass(frozen=True)
class GroupRow:
    name: str
    emails: list[str]
    members: list[str]  # name and address
    code: str


@dataclass(frozen=True)
class GroupForm:
    """As it was typed."""

    name: str = ""
    members: str = ""


@dataclass(frozen=True)
class GroupsPage:
    title: str
    course_name: str
    course_slug: str
    slug: str
    rules: GroupRules | None
    sentence: str
    rows: list[GroupRow]
    alone: int  # students without a group
    may_change: bool
    form: GroupForm


def groups_page(session: Session, scope: AssignmentScope, form: GroupForm | None = None) -> GroupsPage:
    assignment = session.get_one(Assignment, scope.assignment.id)
    rules = GroupRules.of(assignment.group_rules)
    rows = group_rows(session, assignment)
    students = [e for e in courses.people_of(session, scope.course.id) if e.role is Role.STUDENT]
    return GroupsPage(
        title=assignment.title,
        course_name=scope.course.title,
        course_slug=scope.course.slug,
        slug=assignment.slug,
        rules=rules,
        sentence=group_text(rules, None) if rules is not None else "Everybody works alone.",
        rows=rows,
        alone=len(students) - sum(len(row.emails) for row in rows),
        may_change=scope.role is Role.INSTRUCTOR,
        form=form or GroupForm(),
    )


def group_rows(session: Session, assignment: Assignment) -> list[GroupRow]:
    rows = []
    for group in queries.groups_of(session, assignment.id):
        people = sorted((m.student for m in group.members), key=lambda user: (user.name, user.email))
        members = [f"{user.name} ({user.email})" for user in people]
        rows.append(GroupRow(group.name, [user.email for user in people], members, code_of(group)))
    return rows


def groups_table(rows: list[GroupRow]) -> Table:
    cells = tuple(Row((email, row.name)) for row in rows for email in row.emails)
    return Table("groups", "Groups", (Column("email"), Column("group")), cells)
