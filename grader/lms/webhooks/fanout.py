"""From the outbox to deliveries: each event becomes one delivery for every endpoint that wants it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grader.db.models import Assignment, DeliveryState, OutboxMessage, WebhookDelivery, WebhookEndpoint
from grader.lms.webhooks import queries
from grader.outbox import queries as outbox
from grader.outbox.kinds import EVENTS, SUBMISSION_GRADED

BATCH = 500
Listener = Callable[[Session, OutboxMessage, datetime], None]


def fan_out(
    session: Session, public_url: str, now: datetime, limit: int = BATCH, listener: Listener | None = None
) -> int:
    """Turn events that wait into deliveries, in this transaction; tells how many events there were.

    `listener` hears each event too: grades go to learning-management systems by it.

    What happened before an endpoint was added is not sent to it. A disabled endpoint gets its deliveries
    cancelled, so that they can be asked for once it is enabled again.
    """
    messages = outbox.claimable_events(session, EVENTS, limit)
    endpoints = queries.endpoints_to_tell(session) if messages else []
    for message in messages:
        message.dispatched_at = now
        if listener is not None:
            listener(session, message, now)
        if endpoints:
            _spread(session, message, endpoints, public_url, now)
    session.flush()
    return len(messages)


def _spread(
    session: Session, message: OutboxMessage, endpoints: Sequence[WebhookEndpoint], public_url: str, now: datetime
) -> None:
    assignment = session.get(Assignment, message.payload.get("assignment_id") or "")
    course_id = assignment.course_id if assignment is not None else message.payload.get("course_id")
    text = ""
    for endpoint in endpoints:
        if not _wants(endpoint, message, course_id):
            continue
        text = text or body(message.kind, message.created_at, _data(message, assignment, public_url))
        state = DeliveryState.PENDING if endpoint.is_active else DeliveryState.CANCELLED
        session.add(delivery(endpoint, f"msg_{message.id}", message.kind, text, now, state))


def _wants(endpoint: WebhookEndpoint, message: OutboxMessage, course_id: str | None) -> bool:
    if endpoint.created_at > message.created_at or message.subject_id == endpoint.id:
        return False
    if endpoint.course_id is not None and endpoint.course_id != course_id:
        return False
    return not endpoint.events or message.kind in endpoint.events


def _data(message: OutboxMessage, assignment: Assignment | None, public_url: str) -> dict[str, Any]:
    data = dict(message.payload)
    if assignment is not None:
        data["course"] = assignment.course.slug
        data["assignment"] = assignment.slug
        if message.kind == SUBMISSION_GRADED and assignment.grades_hidden:
            data["score"] = None  # a grade that is hidden from students does not leave the service
            data["hidden"] = True
    if data.get("submission_id"):
        data["url"] = f"{public_url}/submissions/{data['submission_id']}"
    return data


def body(kind: str, at: datetime, data: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data}, separators=(",", ":"))


def delivery(
    endpoint: WebhookEndpoint, message_id: str, kind: str, text: str, now: datetime, state: DeliveryState
) -> WebhookDelivery:
    finished = now if state is DeliveryState.CANCELLED else None
    return WebhookDelivery(
        endpoint_id=endpoint.id, message_id=message_id, event=kind, body=text, state=state, next_try_at=now,
        created_at=now, finished_at=finished,
    )  # fmt: skip
