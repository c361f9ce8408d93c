from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from grader.db.models import DeliveryState, WebhookDelivery, WebhookEndpoint

BY_HAND = "Disabled by a person."  # the reason that is given then
WAITING = (DeliveryState.PENDING, DeliveryState.RETRY_WAIT)
FAILED = (DeliveryState.EXHAUSTED, DeliveryState.CANCELLED, DeliveryState.RETRY_WAIT)


def endpoints(session: Session, course_id: str | None) -> list[WebhookEndpoint]:
    """Those of a course, or (None) those of the whole service, oldest first."""
    query = select(WebhookEndpoint).where(_scope(course_id), WebhookEndpoint.removed_at.is_(None))
    return list(session.scalars(query.order_by(WebhookEndpoint.id)))


def given_up(session: Session, course_id: str) -> list[WebhookEndpoint]:
    """Endpoints of a course that the service disabled by itself."""
    return [e for e in endpoints(session, course_id) if e.disabled_at is not None and e.disabled_reason != BY_HAND]


def endpoint(
    session: Session, endpoint_id: str, course_id: str | None, *, lock: bool = False
) -> WebhookEndpoint | None:
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, _scope(course_id), WebhookEndpoint.removed_at.is_(None)
    )
    return session.scalar(query.with_for_update() if lock else query)


def endpoints_to_tell(session: Session) -> list[WebhookEndpoint]:
    return list(session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.removed_at.is_(None))))


def deliveries(
    session: Session, endpoint_id: str, *, failed_only: bool = False, limit: int, offset: int = 0
) -> list[WebhookDelivery]:
    """Newest first, with their attempts."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if failed_only:
        query = query.where(WebhookDelivery.state.in_(FAILED))
    query = query.options(selectinload(WebhookDelivery.attempts))
    return list(session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit).offset(offset)))


def delivery(session: Session, delivery_id: str, *, lock: bool = False) -> WebhookDelivery | None:
    query = select(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
    if lock:
        query = query.with_for_update()
    return session.scalar(query)


def failed_since(session: Session, endpoint_id: str, since: datetime) -> list[WebhookDelivery]:
    """What did not arrive, of what was made at or after `since`; locked."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id,
        WebhookDelivery.state.in_(FAILED),
        WebhookDelivery.created_at >= since,
    )
    return list(session.scalars(query.order_by(WebhookDelivery.id).with_for_update()))


def due_endpoints(session: Session, now: datetime) -> list[str]:
    """Ids of endpoints to which something is owed now."""
    return list(session.scalars(select(WebhookDelivery.endpoint_id).where(_due(now)).distinct()))


def lock_endpoint(session: Session, endpoint_id: str) -> WebhookEndpoint | None:
    return session.scalar(select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update())


def is_being_sent(session: Session, endpoint_id: str, now: datetime) -> bool:
    query = select(WebhookDelivery.id).where(
        WebhookDelivery.endpoint_id == endpoint_id,
        WebhookDelivery.state == DeliveryState.LEASED,
        WebhookDelivery.lease_until > now,
    )
    return session.scalar(query.limit(1)) is not None


def next_due(session: Session, endpoint_id: str, now: datetime) -> WebhookDelivery | None:
    """The delivery whose turn is next: first what has never been tried, so that one that fails holds up nothing."""
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, _due(now))
        .options(joinedload(WebhookDelivery.endpoint))
        .order_by(WebhookDelivery.tries, WebhookDelivery.id)
        .limit(1)
    )
    return session.scalar(query)


def cancel_waiting(session: Session, endpoint_id: str, now: datetime) -> None:
    query = update(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state.in_(WAITING)
    )
    session.execute(query.values(state=DeliveryState.CANCELLED, finished_at=now))


def counts(session: Session, endpoint_ids: Sequence[str]) -> dict[str, dict[DeliveryState, int]]:
    query = (
        select(WebhookDelivery.endpoint_id, WebhookDelivery.state, func.count())
        .where(WebhookDelivery.endpoint_id.in_(endpoint_ids))
        .group_by(WebhookDelivery.endpoint_id, WebhookDelivery.state)
    )
    found: dict[str, dict[DeliveryState, int]] = {endpoint_id: {} for endpoint_id in endpoint_ids}
    for endpoint_id, state, count in session.execute(query):
        found[endpoint_id][state] = count
    return found


def _scope(course_id: str | None) -> ColumnElement[bool]:
    return WebhookEndpoint.course_id.is_(None) if course_id is None else WebhookEndpoint.course_id == course_id


def _due(now: datetime) -> ColumnElement[bool]:
    waits = and_(WebhookDelivery.state.in_(WAITING), WebhookDelivery.next_try_at <= now)
    lost = and_(WebhookDelivery.state == DeliveryState.LEASED, WebhookDelivery.lease_until <= now)
    return or_(waits, lost)
