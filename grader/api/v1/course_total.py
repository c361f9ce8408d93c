"""The course total through the API: its rule, and what it makes of your own grades."""

from __future__ import annotations

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.db.models import Course
from grader.gradebook import table, total_rules
from grader.gradebook.total_words import rule_text
from grader.gradebook.totals import TotalRule
from grader.web import access
from grader.web.backend import backend
from grader.web.pages.total_page import own_grades


class TotalRuleOut(Out):
    weighted: bool
    drop_lowest: int
    missing_zero: bool
    weights: dict[str, float] = Field(description="Of each assignment, by its slug.")
    revision: int
    sentence: str = Field(description="The rule in words.")


class TotalRuleIn(Body):
    weighted: bool = Field(False, description="By the weights; otherwise by the assignments' points.")
    drop_lowest: int = Field(0, ge=0, le=total_rules.MOST_DROPPED)
    missing_zero: bool = Field(False, description="Work that is missing after its due date counts as 0.")
    weights: dict[str, float] = Field(default_factory=dict, max_length=1000, description="Others keep theirs.")
    revision: int = Field(ge=0, le=10**9, description="As you read it; a 409 says that somebody else was faster.")


class OwnGradeOut(Out):
    title: str
    score: float | None
    max_score: float | None
    state: str
    note: str


class OwnGradesOut(Out):
    course: str
    total: str = Field(description="In percent, or a dash while nothing counts.")
    made_of: str
    rule: str
    withheld: int = Field(description="Assignments whose results are not shown, and so not counted here.")
    grades: list[OwnGradeOut]


@api.get("/courses/<course_slug>/total-rule")
@access.allow_token(access.member_of_course)
@api.output(TotalRuleOut)
@api.doc(summary="How the course total is made", tags=["Assignments"], security=SECURITY, responses=problems(404))
def total_rule(course_slug: str) -> TotalRuleOut:
    return _rule()


@api.put("/courses/<course_slug>/total-rule")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(TotalRuleIn, location="json", arg_name="body")
@api.output(TotalRuleOut)
@api.doc(summary="Set how the total is made", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def set_total_rule(course_slug: str, body: TotalRuleIn) -> TotalRuleOut:
    with backend().writing() as session:
        total_rules.set_total(
            session,
            course_id=access.granted_course().course.id,
            rule=TotalRule(body.weighted, body.drop_lowest, body.missing_zero),
            weights=body.weights,
            expected=body.revision,
            by=Actor.of(access.caller_user()),
        )
    return _rule()


@api.get("/courses/<course_slug>/grades")
@access.allow_token(access.student_of_course)
@api.output(OwnGradesOut)
@api.doc(summary="Your grades and total", tags=["Submissions"], security=SECURITY, responses=problems(404))
def own_course_grades(course_slug: str) -> OwnGradesOut:
    with backend().reading() as session:
        found = own_grades(session, access.granted_course().course, access.caller_user())
    return OwnGradesOut(
        course=found.course_slug,
        total=found.total,
        made_of=found.made_of,
        rule=found.rule,
        withheld=found.withheld,
        grades=[OwnGradeOut.model_validate(row) for row in found.rows],
    )


def _rule() -> TotalRuleOut:
    scope = access.granted_course()
    with backend().reading() as session:
        course = session.get_one(Course, scope.course.id)
        visible = {assignment.id for assignment in access.visible_assignments(session, course, scope.role)}
        columns = [column for column in table.columns_of(session, course.id) if column.id in visible]
    rule = total_rules.rule_of(course)
    return TotalRuleOut(
        **rule.kept(),
        weights={column.slug: column.weight for column in columns},
        revision=course.total_revision,
        sentence=rule_text(rule),
    )
