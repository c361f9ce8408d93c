"""Groups that hand in together, through the API."""

from __future__ import annotations

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, In, Out
from grader.audit.service import Actor
from grader.db.models import Assignment, User
from grader.groups import queries, service
from grader.groups.errors import InvalidGroup
from grader.groups.files import student_named
from grader.groups.rules import LARGEST, GroupRules, group_text
from grader.web import access
from grader.web.access import SUBMIT
from grader.web.backend import backend
from grader.web.pages.groups_page import group_rows


class GroupRulesOut(Out):
    together: bool
    most: int
    by_students: bool
    share_extensions: bool


class GroupOut(Out):
    name: str
    members: list[str] = Field(description="E-mail addresses.")
    code: str = Field(description="Lets a student join, where students form the groups.")


class GroupsOut(Out):
    rules: GroupRulesOut
    groups: list[GroupOut]


class OwnGroupOut(Out):
    sentence: str = Field(description="The rules, and your group, in words. Empty: everybody works alone.")
    group: GroupOut | None


class GroupRulesIn(Body):
    together: bool
    most: int = Field(3, ge=2, le=LARGEST)
    by_students: bool = False
    share_extensions: bool = Field(True, description="What one member was given holds for the whole group.")


class GroupIn(In):
    name: str = Field(min_length=1, max_length=service.LONGEST_NAME)
    members: list[str] = Field(max_length=LARGEST, description="E-mail addresses; none dissolves the group.")


class GroupsIn(Body):
    groups: list[GroupIn] = Field(min_length=1, max_length=2000, description="Others stay as they are.")


class OwnGroupIn(Body):
    name: str | None = Field(None, max_length=service.LONGEST_NAME, description="Start a group of this name.")
    code: str | None = Field(None, max_length=40, description="Or join the group with this code.")


@api.get("/assignments/<slug>/groups")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(GroupsOut)
@api.doc(summary="Groups of an assignment", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def assignment_groups(slug: str, query: CourseIn) -> GroupsOut:
    return _groups()


@api.put("/assignments/<slug>/groups")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(GroupsIn, location="json", arg_name="body")
@api.output(GroupsOut)
@api.doc(summary="Set groups", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def set_groups(slug: str, query: CourseIn, body: GroupsIn) -> GroupsOut:
    with backend().writing() as session:
        wanted: dict[str, list[User]] = {}
        for group in body.groups:
            if group.name in wanted:
                raise InvalidGroup(f"The group {group.name!r} is named twice: name it once, with all its members.")
            wanted[group.name] = [student_named(session, mail.lower()) for mail in group.members]
        by = Actor.of(access.caller_user())
        service.put(session, assignment=access.granted_assignment().assignment, groups=wanted, by=by)
    return _groups()


@api.put("/assignments/<slug>/groups/rules")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(GroupRulesIn, location="json", arg_name="body")
@api.output(GroupsOut)
@api.doc(summary="Set the rules for groups", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def set_group_rules(slug: str, query: CourseIn, body: GroupRulesIn) -> GroupsOut:
    rules = GroupRules(body.most, body.by_students, body.share_extensions) if body.together else None
    with backend().writing() as session:
        service.set_rules(
            session,
            assignment_id=access.granted_assignment().assignment.id,
            rules=rules,
            by=Actor.of(access.caller_user()),
        )
    return _groups()


@api.get("/assignments/<slug>/own-group")
@access.allow_token(access.student_of_assignment)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(OwnGroupOut)
@api.doc(summary="Your group", tags=["Assignments"], security=SECURITY, responses=problems(404, 409, 422))
def own_group(slug: str, query: CourseIn) -> OwnGroupOut:
    return _own()


@api.put("/assignments/<slug>/own-group")
@access.allow_token(access.student_of_assignment, scope=SUBMIT)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(OwnGroupIn, location="json", arg_name="body")
@api.output(OwnGroupOut)
@api.doc(
    summary="Start, join or leave a group",
    description="With a name: start it. With a code: join it. With neither: leave.",
    tags=["Assignments"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def change_own_group(slug: str, query: CourseIn, body: OwnGroupIn) -> OwnGroupOut:
    user, assignment = access.caller_user(), access.granted_assignment().assignment
    by = Actor.of(user)
    with backend().writing() as session:
        if body.code is not None:
            service.join(session, assignment=assignment, student=user, code=body.code, by=by)
        elif body.name is not None:
            service.found(session, assignment=assignment, student=user, name=body.name, by=by)
        else:
            service.leave(session, assignment=assignment, student=user, by=by)
    return _own()


def _groups() -> GroupsOut:
    with backend().reading() as session:
        assignment = session.get_one(Assignment, access.granted_assignment().assignment.id)
        rows = group_rows(session, assignment)
    rules = GroupRules.of(assignment.group_rules)
    return GroupsOut(
        rules=GroupRulesOut(together=rules is not None, **(rules or GroupRules()).kept()),
        groups=[GroupOut(name=row.name, members=row.emails, code=row.code) for row in rows],
    )


def _own() -> OwnGroupOut:
    user = access.caller_user()
    with backend().reading() as session:
        assignment = session.get_one(Assignment, access.granted_assignment().assignment.id)
        group = queries.group_of(session, assignment.id, user.id)
    rules = GroupRules.of(assignment.group_rules)
    if rules is None:
        return OwnGroupOut(sentence="", group=None)
    if group is None:
        return OwnGroupOut(sentence=group_text(rules, None), group=None)
    emails = sorted(member.student.email for member in group.members)
    sentence = group_text(rules, [mail for mail in emails if mail != user.email])
    return OwnGroupOut(sentence=sentence, group=GroupOut(name=group.name, members=emails, code=service.code_of(group)))
