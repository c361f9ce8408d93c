"""How things stand now, as Prometheus is told: counted in the database, so all web processes say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.administration import queries
from grader.dashboard import health
from grader.dashboard.figures import QueueHealth
from grader.db.models import (
    Blob,
    DeliveryState,
    LtiGradeSync,
    Measure,
    OutboxMessage,
    Submission,
    SyncState,
    User,
    WebhookDelivery,
)
from grader.workers import service as workers
from grader.workers.service import Standing

_UNDELIVERED = (DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.RETRY_WAIT)
_UNSENT = (SyncState.QUEUED, SyncState.POSTING, SyncState.RETRY, SyncState.CONFLICT)


@dataclass(frozen=True)
class Waiting:
    number: int
    oldest_s: float


@dataclass(frozen=True)
class Now:
    queues: tuple[QueueHealth, ...]
    paused: frozenset[str]
    submissions: dict[str, int]  # by status
    workers: Counter[tuple[str, str]]  # (queue, standing)
    slots: Counter[str]  # by queue, of workers that take jobs
    busy: Counter[str]
    devices: Counter[str]  # by health
    deliveries: dict[str, Waiting]  # by target
    stored_bytes: int
    outbox: int
    users: int
    at: datetime


def read(session: Session, at: datetime) -> Now:
    nodes = workers.views(session, at)
    alive = [view for view in nodes if view.standing is not Standing.SILENT]
    taking = [view.node for view in alive if view.standing is Standing.WORKING]
    submissions = select(Submission.status, func.count()).group_by(Submission.status)
    outbox = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.dispatched_at.is_(None))
    users = select(func.count()).select_from(User).where(User.active.is_(True))
    return Now(
        queues=tuple(health.queues(session)),
        paused=frozenset(queue.value for queue in queries.pauses(session)),
        submissions={status.value: number for status, number in session.execute(submissions)},
        workers=Counter((queue, view.standing.value) for view in nodes for queue in view.node.queues),
        slots=_sum((queue, node.slots) for node in taking for queue in node.queues),
        busy=_sum((queue, len(view.node.runs)) for view in alive for queue in view.node.queues),
        devices=Counter(str(device.get("health")) for view in alive for device in view.node.devices),
        deliveries={"webhook": _webhooks(session, at), "lti": _lti(session, at)},
        stored_bytes=int(session.scalar(select(func.coalesce(func.sum(Blob.size_bytes), 0))) or 0),
        outbox=session.scalar(outbox) or 0,
        users=session.scalar(users) or 0,
        at=at,
    )


def measures(session: Session) -> list[Measure]:
    return list(session.scalars(select(Measure).order_by(Measure.name, Measure.labels, Measure.bucket)))


def _sum(pairs: object) -> Counter[str]:
    found: Counter[str] = Counter()
    for queue, number in pairs:  # type: ignore[attr-defined]
        found[queue] += number
    return found


def _webhooks(session: Session, at: datetime) -> Waiting:
    query = select(func.count(), func.min(WebhookDelivery.created_at)).where(WebhookDelivery.state.in_(_UNDELIVERED))
    number, oldest = session.execute(query).one()
    return _waiting(number, oldest, at)


def _lti(session: Session, at: datetime) -> Waiting:
    """Of a grade that is sent again and again only the newest value counts, so its lag is that of the next try."""
    query = select(func.count(), func.min(LtiGradeSync.next_try_at)).where(LtiGradeSync.state.in_(_UNSENT))
    number, oldest = session.execute(query).one()
    return _waiting(number, oldest, at)


def _waiting(number: int, oldest: datetime | None, at: datetime) -> Waiting:
    return Waiting(number, 0.0 if oldest is None else max((at - oldest).total_seconds(), 0.0))
