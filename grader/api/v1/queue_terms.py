"""How courses share the queues; for administrators of the service."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field
from werkzeug.exceptions import NotFound

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.queueing import service
from grader.queueing.terms import QueueTerms
from grader.web import access
from grader.web.backend import backend


class QueueTermsIn(Body):
    weight: float = Field(1.0, allow_inf_nan=False, description="Its share when other courses wait too; 1 is usual.")
    running_most: int | None = Field(None, description="Runs of it that workers may hold at once; null: no limit.")
    waiting_most: int | None = Field(100, description="Attempts of one student that may wait at once; null: no limit.")


class QueueTermsOut(Out):
    course: str
    weight: float
    running_most: int | None
    waiting_most: int | None


@api.get("/admin/courses/<course_slug>/queue-terms")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(QueueTermsOut)
@api.doc(summary="How a course shares the queues", tags=["Administration"], security=SECURITY, responses=problems(404))
def admin_queue_terms(course_slug: str) -> QueueTermsOut:
    with backend().reading() as session:
        course = courses.course_by_slug(session, course_slug)
    if course is None:
        raise _no_course(course_slug)
    return QueueTermsOut(course=course_slug, **asdict(QueueTerms.of(course.queue_terms)))


@api.put("/admin/courses/<course_slug>/queue-terms")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(QueueTermsIn, location="json", arg_name="body")
@api.output(QueueTermsOut)
@api.doc(
    summary="Set how a course shares the queues",
    tags=["Administration"],
    security=SECURITY,
    responses=problems(404, 422),
)
def admin_set_queue_terms(course_slug: str, body: QueueTermsIn) -> QueueTermsOut:
    with backend().writing() as session:
        terms = QueueTerms(**body.model_dump())
        kept = service.set_terms(session, course_slug=course_slug, terms=terms, by=Actor.of(access.caller_user()))
    if kept is None:
        raise _no_course(course_slug)
    return QueueTermsOut(course=course_slug, **asdict(kept))


def _no_course(slug: str) -> NotFound:
    return NotFound(f"There is no course {slug[:80]!r}.")
