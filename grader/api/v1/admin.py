"""Administration through the API; for tokens of administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from grader.administration import queries, service
from grader.administration.queries import AuditFilter
from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out, Text
from grader.dashboard import health
from grader.web import access
from grader.web.backend import backend
from grader.web.views.admin import queue_named
from worker.contract import Queue


class AdminQueueOut(Out):
    queue: Queue
    waiting: int
    held_back: int
    running: int
    oldest_at: datetime | None
    paused: bool
    reason: str


class AdminQueuesOut(Out):
    queues: list[AdminQueueOut]


class PauseIn(Body):
    paused: bool
    reason: str = Field("asked for through the API", max_length=500)


class FailedOut(Out):
    id: str
    assignment: str
    student: str
    created_at: datetime
    reason: str


class FailedListOut(Out):
    total: int
    submissions: list[FailedOut]


class RetriedOut(Out):
    submissions: int


class AuditIn(In):
    q: Text = Field("", description="Part of the actor or the object.")
    action: Text = Field("", description="How the action begins.")
    since: datetime | None = None
    until: datetime | None = None
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=1_000_000)


class AuditEntryOut(Out):
    id: str
    at: datetime
    actor: str
    action: str
    object_type: str
    object_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditOut(Out):
    entries: list[AuditEntryOut]


@api.get("/admin/queues")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(AdminQueuesOut)
@api.doc(summary="Queues", tags=["Administration"], security=SECURITY, responses=problems())
def admin_queues() -> AdminQueuesOut:
    return _queues()


@api.put("/admin/queues/<queue>")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(PauseIn, location="json", arg_name="body")
@api.output(AdminQueuesOut)
@api.doc(
    summary="Pause a queue or let it go on", tags=["Administration"], security=SECURITY, responses=problems(404, 422)
)
def admin_pause(queue: str, body: PauseIn) -> AdminQueuesOut:
    with backend().writing() as session:
        if body.paused:
            service.pause(session, queue=queue_named(queue), reason=body.reason, by=access.caller_user())
        else:
            service.resume(session, queue=queue_named(queue), by=access.caller_user())
    backend().dispatch()
    return _queues()


@api.get("/admin/failed")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(FailedListOut)
@api.doc(summary="What could not be graded", tags=["Administration"], security=SECURITY, responses=problems())
def admin_failed() -> FailedListOut:
    with backend().reading() as session:
        found, total = queries.failed(session), queries.failed_count(session)
    rows = [
        FailedOut(
            id=s.id, assignment=s.assignment.slug, student=s.student.email, created_at=s.created_at,
            reason=s.runs[-1].staff_text if s.runs else "",
        )
        for s in found
    ]  # fmt: skip
    return FailedListOut(total=total, submissions=rows)


@api.post("/admin/failed/retry")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(RetriedOut, status_code=202)
@api.doc(summary="Grade failed submissions again", tags=["Administration"], security=SECURITY, responses=problems())
def admin_retry() -> RetriedOut:
    with backend().writing() as session:
        return RetriedOut(submissions=service.retry_failed(session, by=access.caller_user()))


@api.get("/admin/audit")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(AuditIn, location="query", arg_name="query")
@api.output(AuditOut)
@api.doc(summary="Search the audit log", tags=["Administration"], security=SECURITY, responses=problems(422))
def admin_audit(query: AuditIn) -> AuditOut:
    filters = AuditFilter(query.q, query.action, _aware(query.since), _aware(query.until))
    with backend().reading() as session:
        found = queries.audit_entries(session, filters, limit=query.limit, offset=query.offset)
    return AuditOut(entries=[AuditEntryOut.model_validate(entry) for entry in found])


def _queues() -> AdminQueuesOut:
    with backend().reading() as session:
        paused, held, found = queries.pauses(session), queries.held_back(session), health.queues(session)
    return AdminQueuesOut(
        queues=[
            AdminQueueOut(
                queue=q.queue, waiting=q.waiting, held_back=held.get(q.queue, 0), running=q.running,
                oldest_at=q.oldest_at, paused=q.queue in paused,
                reason=paused[q.queue].reason if q.queue in paused else "",
            )
            for q in found
        ]
    )  # fmt: skip


def _aware(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
