"""Administration through the API; for tokens of administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from grader.administration import queries, service
from grader.administration.queries import AuditFilter
from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out, Text
from grader.audit.service import Actor
from grader.dashboard import health
from grader.grading import quarantine
from grader.time import in_our_time
from grader.web import access
from grader.web.backend import backend
from grader.web.views.admin import queue_named
from grader.workers import service as workers
from grader.workers.service import Standing
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


class WorkerOut(Out):
    node: str
    name: str
    state: Standing
    queues: list[str]
    taking: list[str]
    slots: int
    submissions: list[str] = Field(description="Ids of those that it is at.")
    devices: list[dict[str, Any]]
    started_at: datetime
    heard_at: datetime
    drained_at: datetime | None
    reason: str


class WorkersOut(Out):
    workers: list[WorkerOut]


class DrainIn(Body):
    drained: bool
    reason: str = Field("asked for through the API", max_length=500)


class QuarantinedOut(Out):
    id: str
    assignment: str
    student: str
    since: datetime
    reason: str


class QuarantineOut(Out):
    submissions: list[QuarantinedOut]


class QuarantineIn(Body):
    quarantined: bool
    reason: str = Field("asked for through the API", max_length=500)


class RetriedOut(Out):
    submissions: int = Field(description="How many were queued.")
    removed: int = Field(0, description="How many were passed over because their file was removed by the rule.")


def _aware(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when


WhenOrUtc = Annotated[datetime, AfterValidator(_aware), AfterValidator(in_our_time)]


class AuditIn(In):
    q: Text = Field("", description="Part of the actor or the object.")
    action: Text = Field("", description="How the action begins.")
    since: WhenOrUtc | None = None
    until: WhenOrUtc | None = None
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
            service.pause(session, queue=queue_named(queue), reason=body.reason, by=_actor())
        else:
            service.resume(session, queue=queue_named(queue), by=_actor())
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
        again = service.retry_failed(session, by=_actor())
    return RetriedOut(submissions=len(again.runs), removed=again.removed)


@api.get("/admin/workers")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(WorkersOut)
@api.doc(summary="Workers as they told of themselves", tags=["Administration"], security=SECURITY, responses=problems())
def admin_workers() -> WorkersOut:
    return _workers()


@api.put("/admin/workers/<node>")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(DrainIn, location="json", arg_name="body")
@api.output(WorkersOut)
@api.doc(
    summary="Drain a worker or let it go on", tags=["Administration"], security=SECURITY, responses=problems(404, 422)
)
def admin_drain(node: str, body: DrainIn) -> WorkersOut:
    with backend().writing() as session:
        if body.drained:
            order = workers.drain(session, node, reason=body.reason, by=_actor())
        else:
            order = workers.resume(session, node, by=_actor())
    backend().broker.tell(order.node, order.queues, take=order.take)
    return _workers()


@api.get("/admin/quarantine")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(QuarantineOut)
@api.doc(summary="What is kept from workers", tags=["Administration"], security=SECURITY, responses=problems())
def admin_quarantine() -> QuarantineOut:
    return _quarantine()


@api.put("/admin/quarantine/<submission_id>")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(QuarantineIn, location="json", arg_name="body")
@api.output(QuarantineOut)
@api.doc(
    summary="Keep a submission from workers, or release it", tags=["Administration"], security=SECURITY,
    responses=problems(404, 409, 422),
)  # fmt: skip
def admin_keep(submission_id: str, body: QuarantineIn) -> QuarantineOut:
    act = service.quarantine if body.quarantined else service.release
    with backend().writing() as session:
        act(session, run_or_submission=submission_id, reason=body.reason, by=_actor())
    return _quarantine()


@api.get("/admin/audit")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(AuditIn, location="query", arg_name="query")
@api.output(AuditOut)
@api.doc(summary="Search the audit log", tags=["Administration"], security=SECURITY, responses=problems(422))
def admin_audit(query: AuditIn) -> AuditOut:
    filters = AuditFilter(query.q, query.action, query.since, query.until)
    with backend().reading() as session:
        found = queries.audit_entries(session, filters, limit=query.limit, offset=query.offset)
    return AuditOut(entries=[AuditEntryOut.model_validate(entry) for entry in found])


def _workers() -> WorkersOut:
    with backend().reading() as session:
        found = workers.views(session)
    return WorkersOut(
        workers=[
            WorkerOut(
                node=v.node.node, name=v.node.name, state=v.standing, queues=v.node.queues, taking=v.node.taking,
                slots=v.node.slots, submissions=list(v.submissions), devices=v.node.devices,
                started_at=v.node.started_at, heard_at=v.node.heard_at, drained_at=v.node.drained_at,
                reason=v.node.drain_reason,
            )
            for v in found
        ]
    )  # fmt: skip


def _quarantine() -> QuarantineOut:
    with backend().reading() as session:
        kept = quarantine.listed(session)
    return QuarantineOut(
        submissions=[
            QuarantinedOut(
                id=q.submission_id, assignment=q.assignment, student=q.student, since=q.since, reason=q.staff_text
            )
            for q in kept
        ]
    )


def _actor() -> Actor:
    return Actor.of(access.caller_user())


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
