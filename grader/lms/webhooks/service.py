"""What people do with endpoints: add, try, rotate, enable, disable, remove, send again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.base import new_id
from grader.db.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from grader.lms.http import addresses
from grader.lms.http.addresses import Resolve, Rules
from grader.lms.http.errors import Refused
from grader.lms.webhooks import fanout, queries, secrets
from grader.lms.webhooks.errors import (
    EndpointDisabled,
    InvalidEndpoint,
    NotRedeliverable,
    TooManyEndpoints,
)
from grader.lms.webhooks.rotation import renew
from grader.lms.webhooks.secrets import Sealer
from grader.outbox import service as outbox
from grader.outbox.kinds import EVENTS, WEBHOOK_DISABLED

PING = "endpoint.ping"
MOST_ENDPOINTS = 20
MOST_DESCRIPTION = 200
_LOOK_UP_S = 5.0


@dataclass(frozen=True)
class Added:
    endpoint: WebhookEndpoint
    secret: str  # shown once


def check_address(url: str, rules: Rules, resolve: Resolve | None = None) -> None:
    """Raises InvalidEndpoint for an address that no webhook would be sent to. Slow: it asks the name server."""
    try:
        addresses.choose(addresses.parse(url), rules, _LOOK_UP_S, resolve)
    except Refused as refused:
        raise InvalidEndpoint(str(refused)) from None


def add(
    session: Session,
    *,
    course_id: str | None,
    url: str,
    description: str,
    events: Sequence[str],
    sealer: Sealer,
    by: Actor,
    now: datetime,
) -> Added:
    """A new endpoint and its first ping. Call `check_address` first, outside the transaction.

    Without `course_id` it is told of the whole service. Raises InvalidEndpoint, TooManyEndpoints.
    """
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise InvalidEndpoint(f"There is no event {unknown[0][:60]!r}. There are: {', '.join(EVENTS)}.")
    if len(description) > MOST_DESCRIPTION:
        raise InvalidEndpoint(f"The description has more than {MOST_DESCRIPTION} characters.")
    if len(queries.endpoints(session, course_id)) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(MOST_ENDPOINTS)
    secret = secrets.make()
    endpoint = WebhookEndpoint(
        id=new_id(), course_id=course_id, url=url, description=description.strip(), events=sorted(set(events)),
        secret=sealer.seal(secret), created_at=now,
    )  # fmt: skip
    session.add(endpoint)
    session.flush()
    audit.record(session, by, "webhook.added", "webhook", endpoint.id, after={"url": url, "events": endpoint.events})
    _owe_ping(session, endpoint, now)
    return Added(endpoint, secret)


def ping(session: Session, endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> WebhookDelivery:
    """Owe the endpoint a test message. Raises EndpointDisabled."""
    if not endpoint.is_active:
        raise EndpointDisabled
    audit.record(session, by, "webhook.pinged", "webhook", endpoint.id)
    return _owe_ping(session, endpoint, now)


def rotate(
    session: Session, endpoint: WebhookEndpoint, *, sealer: Sealer, overlap: bool, by: Actor, now: datetime
) -> str:
    """A new secret; with `overlap` the old one signs too for a day. Raises RotationUnderWay."""
    secret = renew(endpoint, sealer=sealer, overlap=overlap, now=now)
    audit.record(session, by, "webhook.rotated", "webhook", endpoint.id, after={"overlap": overlap})
    return secret


def enable(session: Session, endpoint: WebhookEndpoint, *, by: Actor) -> None:
    """What was cancelled meanwhile stays so until somebody asks for it."""
    if endpoint.disabled_at is None:
        return
    audit.record(session, by, "webhook.enabled", "webhook", endpoint.id, before={"reason": endpoint.disabled_reason})
    endpoint.disabled_at, endpoint.disabled_reason, endpoint.failing_since = None, "", None


def disable(session: Session, endpoint: WebhookEndpoint, *, reason: str, by: Actor, now: datetime) -> None:
    """Nothing more is sent; what waits is cancelled, and can be sent again later."""
    if endpoint.disabled_at is not None:
        return
    endpoint.disabled_at, endpoint.disabled_reason = now, reason
    queries.cancel_waiting(session, endpoint.id, now)
    audit.record(session, by, "webhook.disabled", "webhook", endpoint.id, after={"reason": reason})


def give_up(session: Session, endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    """The service disables an endpoint by itself. The other endpoints are told; the pages of its owners show it."""
    disable(session, endpoint, reason=reason, by=Actor.system("webhooks"), now=now)
    payload = {"endpoint_id": endpoint.id, "course_id": endpoint.course_id, "reason": reason}
    outbox.add(session, WEBHOOK_DISABLED, endpoint.id, payload)


def remove(session: Session, endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> None:
    endpoint.removed_at = now
    queries.cancel_waiting(session, endpoint.id, now)
    audit.record(session, by, "webhook.removed", "webhook", endpoint.id, before={"url": endpoint.url})


def redeliver(
    session: Session, endpoint: WebhookEndpoint, delivery: WebhookDelivery, *, by: Actor, now: datetime
) -> None:
    """Send one again, under the same id, also one that had arrived. Raises EndpointDisabled, NotRedeliverable."""
    if not endpoint.is_active:
        raise EndpointDisabled
    if delivery.state in (DeliveryState.PENDING, DeliveryState.LEASED):
        raise NotRedeliverable
    _again(delivery, now)
    audit.record(session, by, "webhook.redelivered", "webhook", endpoint.id, after={"delivery": delivery.id})


def redeliver_since(session: Session, endpoint: WebhookEndpoint, since: datetime, *, by: Actor, now: datetime) -> int:
    """Send again what did not arrive since then; tells how many. Raises EndpointDisabled."""
    if not endpoint.is_active:
        raise EndpointDisabled
    found = queries.failed_since(session, endpoint.id, since)
    for delivery in found:
        _again(delivery, now)
    after = {"since": since.isoformat(), "deliveries": len(found)}
    audit.record(session, by, "webhook.redelivered", "webhook", endpoint.id, after=after)
    return len(found)


def _again(delivery: WebhookDelivery, now: datetime) -> None:
    delivery.state, delivery.tries = DeliveryState.PENDING, 0
    delivery.next_try_at, delivery.finished_at = now, None


def _owe_ping(session: Session, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    text = fanout.body(PING, now, {"endpoint_id": endpoint.id})
    made = fanout.delivery(endpoint, f"msg_{new_id()}", PING, text, now, DeliveryState.PENDING)
    session.add(made)
    session.flush()
    return made
