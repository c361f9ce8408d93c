"""What workers tell, and what is asked of them.

Whether a worker is to take jobs is kept in the database; Celery's control messages only carry it, and may be lost.
So each time that a worker tells of itself, what it does is compared with what it is to do, and said again if needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import WorkerNode
from grader.time import utc_now
from grader.workers import queries
from grader.workers.errors import UnknownWorker
from worker.contract.announcement import SILENT_S, DeviceHealth, WorkerMessage

SILENT = timedelta(seconds=SILENT_S)
FORGOTTEN = timedelta(days=1)


class Standing(StrEnum):
    WORKING = "working"
    DRAINING = "draining"  # takes no more, and is still at something
    DRAINED = "drained"
    SILENT = "silent"


@dataclass(frozen=True)
class Order:
    """What a worker is to be told: to take jobs from these queues, or no more."""

    node: str
    queues: tuple[str, ...]
    take: bool


@dataclass(frozen=True)
class WorkerView:
    node: WorkerNode
    standing: Standing
    submissions: tuple[str, ...]  # that it is at


def seen(session: Session, message: WorkerMessage, now: datetime) -> Order | None:
    """Note what a worker told; returns what it has to be told in turn."""
    found = queries.node(session, message.node)
    if message.leaving:
        if found is not None:
            session.delete(found)
        return None
    if found is None:
        queries.forget(session, now - FORGOTTEN)
        found = WorkerNode(node=message.node, drained_at=None, drained_by="", drain_reason="")
        session.add(found)
    found.name, found.version = message.name, str(message.version)
    found.queues, found.taking = list(message.queues), list(message.taking)
    found.slots, found.runs = message.slots, list(message.runs)
    found.devices = [device.__dict__ for device in message.devices]
    found.started_at, found.heard_at = datetime.fromtimestamp(message.started_at, UTC), now
    return _order(found)


def views(session: Session, now: datetime | None = None) -> list[WorkerView]:
    nodes = queries.all_nodes(session)
    submissions = queries.submissions_of(session, [run for node in nodes for run in node.runs])
    at = now or utc_now()
    return [
        WorkerView(node, standing(node, at), tuple(submissions[run] for run in node.runs if run in submissions))
        for node in nodes
    ]


def standing(node: WorkerNode, now: datetime) -> Standing:
    if now - node.heard_at > SILENT:
        return Standing.SILENT
    if node.drained_at is None:
        return Standing.WORKING
    return Standing.DRAINING if node.runs or node.taking else Standing.DRAINED


def drain(session: Session, name: str, *, reason: str, by: Actor, now: datetime | None = None) -> Order:
    """Let a worker finish what it has and take no more, until it is resumed or started anew. Raises UnknownWorker."""
    found = _get(session, name)
    if found.drained_at is None:
        found.drained_at, found.drained_by, found.drain_reason = now or utc_now(), by.name, reason
        audit.record(session, by, "worker.drained", "worker", name[:36], after={"node": name, "reason": reason})
    return Order(found.node, tuple(found.queues), take=False)


def resume(session: Session, name: str, *, by: Actor) -> Order:
    """Raises UnknownWorker."""
    found = _get(session, name)
    if found.drained_at is not None:
        found.drained_at, found.drained_by, found.drain_reason = None, "", ""
        audit.record(session, by, "worker.resumed", "worker", name[:36], after={"node": name})
    return Order(found.node, tuple(found.queues), take=True)


def _get(session: Session, name: str) -> WorkerNode:
    found = queries.node(session, name)
    if found is None:
        raise UnknownWorker(name, [node.node for node in queries.all_nodes(session)])
    return found


def _order(node: WorkerNode) -> Order | None:
    if node.drained_at is not None and node.taking:
        return Order(node.node, tuple(node.taking), take=False)
    missing = tuple(queue for queue in node.queues if queue not in node.taking and not _closed(node, queue))
    return Order(node.node, missing, take=True) if node.drained_at is None and missing else None


def _closed(node: WorkerNode, queue: str) -> bool:
    """A worker takes no jobs for GPUs while all of its own are out of service, and opens the queue by itself."""
    return queue == "gpu" and all(device.get("health") == DeviceHealth.SICK for device in node.devices)
