"""Sending what is owed: claim and commit, send outside any transaction, record and commit.

The database has the schedule and the lease; a sender that dies after the receiver's answer leaves a lease that runs
out, and the same message goes again under the same id.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.db.base import new_id
from grader.db.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from grader.lms.webhooks import queries, schedule, secrets, service
from grader.lms.webhooks.secrets import Sealer, UnreadableSecret
from grader.lms.webhooks.sending import Answer, Sender
from grader.measuring import figures
from grader.time import utc_now
from telemetry import context, tracing

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than any try
TURN_S = 30.0  # then another endpoint's turn may come

Writing = Callable[[], AbstractContextManager[Session]]
_UNREADABLE = (
    "The secret of this endpoint cannot be read: the service's secret key was changed. Rotate the endpoint's secret."
)


@dataclass(frozen=True)
class Parcel:
    """All that sending needs, so that no session is held meanwhile."""

    endpoint_id: str
    delivery_id: str
    lease: str
    message_id: str
    url: str
    body: str
    secrets: tuple[str, ...]  # sealed; the newest first


@dataclass(frozen=True)
class Courier:
    writing: Writing
    sealer: Sealer
    sender: Sender
    clock: Callable[[], datetime] = utc_now

    def serve(self, endpoint_id: str) -> int:
        """Send what is due to one endpoint, one after the other; tells how many were tried.

        Ends at the first that fails (what is behind it would most likely fail too, and waits for the next turn).
        """
        tried, end = 0, time.monotonic() + TURN_S
        while time.monotonic() < end:
            with self.writing() as session:
                parcel = claim(session, endpoint_id, self.clock())
            if parcel is None:
                break
            tried += 1
            answer = self._told(parcel)
            with self.writing() as session:
                record(session, parcel, answer, self.clock())
            if not answer.delivered:
                break
        return tried

    def _told(self, parcel: Parcel) -> Answer:
        """Send, and say so to those who watch the service."""
        submission = _submission_of(parcel.body)
        with context.bound(submission=submission, delivery=parcel.delivery_id):
            with tracing.span("webhook", submission, delivery=parcel.delivery_id):
                answer = self._send(parcel)
            figures.delivery("webhook", delivered=answer.delivered)
            fields = {"status": answer.status, "seconds": round(answer.seconds, 3)}
            log.info("webhook %s", "delivered" if answer.delivered else "not delivered", extra={"fields": fields})
        return answer

    def _send(self, parcel: Parcel) -> Answer:
        try:
            keys = [self.sealer.open(sealed) for sealed in parcel.secrets]
        except UnreadableSecret:
            return Answer(0.0, problem=_UNREADABLE)
        headers = secrets.headers(parcel.message_id, self.clock(), parcel.body, keys)
        return self.sender.send(parcel.url, headers, parcel.body.encode())


def _submission_of(body: str) -> str:
    """Of the submission that the event is about; "" where it is about something else."""
    try:
        return str(json.loads(body)["data"].get("submission_id") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def claim(session: Session, endpoint_id: str, now: datetime) -> Parcel | None:
    """Take the next delivery of an endpoint, unless another sender is at it."""
    endpoint = queries.lock_endpoint(session, endpoint_id)
    if endpoint is None or queries.is_being_sent(session, endpoint_id, now):
        return None
    if not endpoint.is_active:
        queries.cancel_waiting(session, endpoint_id, now)
        return None
    found = queries.next_due(session, endpoint_id, now)
    if found is None:
        return None
    found.state = DeliveryState.LEASED
    found.lease = new_id()
    found.lease_until = now + LEASE
    found.tries += 1
    keys = endpoint.sealed_keys(now)
    return Parcel(endpoint.id, found.id, found.lease, found.message_id, endpoint.url, found.body, keys)


def record(session: Session, parcel: Parcel, answer: Answer, now: datetime) -> None:
    """Note the try, and what follows from it. A lease that was lost in between changes no state."""
    endpoint = queries.lock_endpoint(session, parcel.endpoint_id)  # everybody locks the endpoint first
    found = queries.delivery(session, parcel.delivery_id, lock=True)
    if endpoint is None or found is None:
        return
    session.add(
        WebhookAttempt(
            delivery_id=found.id, at=now, status=answer.status, problem=answer.problem, excerpt=answer.excerpt,
            seconds=answer.seconds,
        )
    )  # fmt: skip
    if found.state is not DeliveryState.LEASED or found.lease != parcel.lease:
        return
    found.lease_until = None
    if answer.delivered:
        found.state, found.finished_at = DeliveryState.DELIVERED, now
        endpoint.failing_since = None
    else:
        _failed(session, found, endpoint, answer, now)


def _failed(session: Session, found: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
    endpoint.failing_since = endpoint.failing_since or now
    again = schedule.next_try(found.tries, now, answer.retry_after)
    if again is None:
        found.state, found.finished_at = DeliveryState.EXHAUSTED, now
    else:
        found.state, found.next_try_at = DeliveryState.RETRY_WAIT, again
    session.flush()
    if answer.status == schedule.GONE:
        service.give_up(session, endpoint, "It answered 410 Gone: it wants no more messages.", now)
    elif schedule.has_failed_for_too_long(endpoint.failing_since, now):
        since = f"{endpoint.failing_since:%d %B %Y, %H:%M} UTC"
        service.give_up(session, endpoint, f"Every try has failed since {since}.", now)
