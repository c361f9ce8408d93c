"""Second markers through the API: which answers are theirs to read, and what they would give."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out
from grader.marking import queries, rubrics, service
from grader.marking.errors import NothingToMark
from grader.web import access
from grader.web.backend import backend


class SecondMarkOut(Out):
    marker: str
    points: float
    comment: str
    created_at: datetime


class SampledOut(Out):
    submission_id: str
    student: str = Field(description="An alias where marking is anonymous.")
    points: float
    marker: str | None
    second_marks: list[SecondMarkOut]
    differs: bool = Field(description="Whether somebody would have given other points.")


class SampleOut(Out):
    key: str
    sample_percent: int
    answers: list[SampledOut]


class SecondIn(Body):
    points: float = Field(ge=0, le=1e6)
    comment: str = Field("", max_length=service.MOST_COMMENT, description="For staff.")


@api.get("/assignments/<slug>/marking/<key>/sample")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(SampleOut)
@api.doc(summary="The moderation sample", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def marking_sample(slug: str, key: str, query: CourseIn) -> SampleOut:
    scope = access.granted_assignment()
    with backend().reading() as session:
        rubrics.question(session, scope.assignment.id, key)
        rubric = rubrics.rubric_of(session, scope.assignment.id, key)
        work = queries.work(session, assignment_id=scope.assignment.id, course_id=scope.course.id, key=key)
        items = service.sample(work, rubric.sample_percent)
        given = queries.second_marks(session, [item.mark_id for item in items if item.mark_id])
        answers = [
            SampledOut(
                submission_id=item.submission_id,
                student=item.alias if rubric.anonymous else item.student,
                points=item.points,
                marker=item.marker,
                second_marks=[
                    SecondMarkOut(marker=s.marker.name, points=s.points, comment=s.comment, created_at=s.created_at)
                    for s in given.get(item.mark_id or "", [])
                ],
                differs=service.differs(item, given.get(item.mark_id or "", [])),
            )
            for item in items
        ]
    return SampleOut(key=key, sample_percent=rubric.sample_percent, answers=answers)


@api.put("/submissions/<submission_id>/marks/<key>/second")
@access.allow_token(access.staff_of_submission, scope=STAFF)
@api.input(SecondIn, location="json", arg_name="body")
@api.output(SecondMarkOut)
@api.doc(
    summary="Say what you would have given",
    description="Nothing that counts is changed. Sent again, it replaces what you said before.",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def second_mark(submission_id: str, key: str, body: SecondIn) -> SecondMarkOut:
    submission, marker = access.granted_submission().submission, access.caller_user()
    with backend().writing() as session:
        rubrics.question(session, submission.assignment_id, key)
        mark = queries.mark_of(session, submission_id, key)
        if mark is None:
            raise NothingToMark
        made = service.give_second(session, mark=mark, points=body.points, comment=body.comment, marker=marker)
        return SecondMarkOut(marker=marker.name, points=made.points, comment=made.comment, created_at=made.created_at)
