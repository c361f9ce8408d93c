"""Marking by hand through the API."""

from __future__ import annotations

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out
from grader.audit.service import Actor
from grader.marking import queries, rubrics, service
from grader.marking.rubrics import Criterion, RubricView
from grader.web import access
from grader.web.backend import backend
from grader.web.pages.marking_page import question_rows


class CriterionOut(Out):
    key: str = Field(max_length=40)
    text: str = Field(max_length=rubrics.MOST_TEXT)
    points: float = Field(ge=-1e5, le=1e5)


class RubricOut(Out):
    criteria: list[CriterionOut]
    comments: list[str]
    anonymous: bool
    sample_percent: int
    revision: int


class RubricIn(Body):
    criteria: list[CriterionOut] = Field(default_factory=list, max_length=rubrics.MOST_CRITERIA)
    comments: list[str] = Field(default_factory=list, max_length=100)
    anonymous: bool = False
    sample_percent: int = Field(10, ge=0, le=100)
    revision: int = Field(0, ge=0, le=10**9, description="The one that you read; 0 before the first.")


class QuestionOut(Out):
    key: str
    title: str
    max_points: float
    answers: int
    marked: int


class QuestionsOut(Out):
    questions: list[QuestionOut]


class WorkOut(Out):
    submission_id: str
    student: str = Field(description="An alias where marking is anonymous.")
    points: float
    max_points: float
    waiting: bool
    marker: str | None
    revision: int


class WorkListOut(Out):
    key: str
    title: str
    max_points: float
    answers: list[WorkOut]


class AfterIn(CourseIn):
    after: str | None = Field(None, max_length=36, description="The submission that one comes from.")


class NextOut(Out):
    submission_id: str | None = Field(description="Null: none waits.")
    waiting: int


class MarkIn(Body):
    points: float | None = Field(None, ge=0, le=1e6, description="Left out: the sum of the criteria.")
    criteria: list[str] = Field(default_factory=list, max_length=100)
    comment: str = Field("", max_length=service.MOST_COMMENT)
    revision: int = Field(0, ge=0, le=10**9, description="Of the mark that you read; 0: there was none.")
    request_id: str = Field("", max_length=36, description="Sent twice, the same one marks once.")


class MarkOut(Out):
    submission_id: str
    check_key: str
    points: float
    criteria: list[str]
    comment: str
    revision: int


@api.get("/assignments/<slug>/marking")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(QuestionsOut)
@api.doc(summary="Questions that people mark", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def marking_questions(slug: str, query: CourseIn) -> QuestionsOut:
    with backend().reading() as session:
        rows = question_rows(session, access.granted_assignment())
    return QuestionsOut(
        questions=[
            QuestionOut(key=r.key, title=r.title, max_points=r.points, answers=r.total, marked=r.marked) for r in rows
        ]
    )


@api.get("/assignments/<slug>/marking/<key>")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(WorkListOut)
@api.doc(summary="Answers to a question", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def marking_work(slug: str, key: str, query: CourseIn) -> WorkListOut:
    scope = access.granted_assignment()
    with backend().reading() as session:
        check = rubrics.question(session, scope.assignment.id, key)
        hidden = rubrics.rubric_of(session, scope.assignment.id, key).anonymous
        items = queries.work(session, assignment_id=scope.assignment.id, course_id=scope.course.id, key=key)
    answers = [
        WorkOut(
            submission_id=item.submission_id,
            student=item.alias if hidden else item.student,
            points=item.points,
            max_points=item.max_points,
            waiting=item.waits,
            marker=item.marker,
            revision=item.revision,
        )
        for item in items
    ]
    return WorkListOut(key=key, title=check.title, max_points=check.points, answers=answers)


@api.get("/assignments/<slug>/marking/<key>/next")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(AfterIn, location="query", arg_name="query")
@api.output(NextOut)
@api.doc(summary="The next answer to mark", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def marking_next(slug: str, key: str, query: AfterIn) -> NextOut:
    scope = access.granted_assignment()
    with backend().reading() as session:
        rubrics.question(session, scope.assignment.id, key)
        items = queries.work(session, assignment_id=scope.assignment.id, course_id=scope.course.id, key=key)
    item = service.following(items, query.after)
    waiting = sum(one.waits for one in items)
    return NextOut(submission_id=item.submission_id if item is not None else None, waiting=waiting)


@api.get("/assignments/<slug>/marking/<key>/rubric")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(RubricOut)
@api.doc(summary="A question's rubric", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def marking_rubric(slug: str, key: str, query: CourseIn) -> RubricOut:
    scope = access.granted_assignment()
    with backend().reading() as session:
        rubrics.question(session, scope.assignment.id, key)
        return RubricOut.model_validate(rubrics.rubric_of(session, scope.assignment.id, key))


@api.put("/assignments/<slug>/marking/<key>/rubric")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(RubricIn, location="json", arg_name="body")
@api.output(RubricOut)
@api.doc(summary="Write a question's rubric", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def marking_rubric_set(slug: str, key: str, query: CourseIn, body: RubricIn) -> RubricOut:
    rubric = RubricView(
        tuple(Criterion(c.key, c.text, c.points) for c in body.criteria),
        tuple(text[: rubrics.MOST_TEXT] for text in body.comments),
        body.anonymous,
        body.sample_percent,
        body.revision,
    )
    with backend().writing() as session:
        by, assignment = Actor.of(access.caller_user()), access.granted_assignment().assignment
        saved = rubrics.save_rubric(session, assignment_id=assignment.id, key=key, rubric=rubric, by=by)
    return RubricOut.model_validate(saved)


@api.put("/submissions/<submission_id>/marks/<key>")
@access.allow_token(access.staff_of_submission, scope=STAFF)
@api.input(MarkIn, location="json", arg_name="body")
@api.output(MarkOut)
@api.doc(summary="Mark an answer by hand", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def mark(submission_id: str, key: str, body: MarkIn) -> MarkOut:
    submission = access.granted_submission().submission
    given = service.Given(body.points, tuple(body.criteria), body.comment, body.revision, body.request_id)
    with backend().writing() as session:
        rubrics.question(session, submission.assignment_id, key)
        rubric = rubrics.rubric_of(session, submission.assignment_id, key)
        made = service.give(
            session, submission_id=submission_id, key=key, given=given, marker=access.caller_user(), rubric=rubric
        )
    return MarkOut.model_validate(made)
