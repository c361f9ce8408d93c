"""The figures of the dashboards."""

from __future__ import annotations

from datetime import datetime

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import CourseIn, Out
from grader.dashboard import service
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend


class CountsOut(Out):
    slug: str
    title: str
    due_at: datetime | None
    submitted: int
    graded: int
    failed: int
    waiting: int
    late: int
    students: int
    mean_share: float | None


class DayOut(Out):
    day: str
    graded: int
    failed: int
    waiting: int
    late: int


class CheckCountsOut(Out):
    key: str
    title: str
    verdicts: dict[str, int]
    mean_share: float
    pass_rate: float


class MisconceptionOut(Out):
    check: str
    title: str
    diagnosis: str
    students: int
    attempts: int
    message: str
    examples: list[str]


class NeedOut(Out):
    user_id: str
    name: str
    email: str
    section: str
    attempts: int
    best_share: float | None
    last_at: datetime | None


class NeedsOut(Out):
    students: int
    not_started: list[NeedOut]
    not_started_total: int
    stuck: list[NeedOut]
    stuck_total: int


class TurnaroundOut(Out):
    runs: int
    median_s: float | None
    p95_s: float | None


class QueueOut(Out):
    queue: str
    waiting: int
    running: int
    oldest_at: datetime | None


class WorkerOut(Out):
    name: str
    running: int
    finished: int
    failed: int
    seen_at: datetime | None


class CourseDashboardOut(Out):
    assignments: list[CountsOut]
    days: list[DayOut]
    scores: list[int]
    needs: NeedsOut
    turnaround: TurnaroundOut
    queues: list[QueueOut]
    workers: list[WorkerOut]


class AssignmentDashboardOut(Out):
    counts: CountsOut
    days: list[DayOut]
    scores: list[int]
    checks: list[CheckCountsOut]
    misconceptions: list[MisconceptionOut]
    needs: NeedsOut
    turnaround: TurnaroundOut
    queues: list[QueueOut]
    workers: list[WorkerOut]


@api.get("/courses/<course_slug>/dashboard")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(CourseDashboardOut)
@api.doc(summary="Figures of a course", tags=["Staff"], security=SECURITY, responses=problems(404))
def course_dashboard(course_slug: str) -> CourseDashboardOut:
    with backend().reading() as session:
        figures = service.course_figures(session, access.granted_course().course.id, utc_now())
    return CourseDashboardOut.model_validate(figures)


@api.get("/assignments/<slug>/dashboard")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(AssignmentDashboardOut)
@api.doc(summary="Figures of an assignment", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def assignment_dashboard(slug: str, query: CourseIn) -> AssignmentDashboardOut:
    with backend().reading() as session:
        figures = service.assignment_figures(session, access.granted_assignment().assignment, utc_now())
    return AssignmentDashboardOut.model_validate(figures)
