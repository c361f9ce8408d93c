"""Webhooks through the API: of a course for its instructors, of the whole service for administrators."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out, When
from grader.audit.service import Actor
from grader.db.models import DeliveryState, WebhookEndpoint
from grader.lms.webhooks import queries, service
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend
from grader.web.views.webhooks import add_endpoint, found_endpoint, redeliver_one

COURSE, ADMIN = "/courses/<course_slug>/webhooks", "/admin/webhooks"


class EndpointOut(Out):
    id: str
    url: str
    description: str
    events: list[str] = Field(description="None: all.")
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str
    old_secret_until: datetime | None


class EndpointsOut(Out):
    endpoints: list[EndpointOut]


class EndpointIn(Body):
    url: str = Field(max_length=2000)
    description: str = Field("", max_length=service.MOST_DESCRIPTION)
    events: list[str] = Field([], max_length=20, description="None: all.")


class SecretOut(Out):
    id: str
    secret: str = Field(description="Shown this once.")


class RotateIn(Body):
    overlap: bool = Field(True, description="False: the old secret ends at once.")


class EnabledIn(Body):
    enabled: bool


class AttemptOut(Out):
    at: datetime
    status: int | None
    problem: str
    excerpt: str
    seconds: float


class DeliveryOut(Out):
    id: str
    message_id: str
    event: str
    state: DeliveryState
    tries: int
    next_try_at: datetime
    created_at: datetime
    finished_at: datetime | None
    attempts: list[AttemptOut]


class DeliveriesOut(Out):
    deliveries: list[DeliveryOut]


class DeliveriesIn(In):
    failed: bool = Field(False, description="Only what did not arrive.")
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=1_000_000)


class SinceIn(Body):
    since: When


class CountOut(Out):
    deliveries: int


@api.get(COURSE)
@api.get(ADMIN)
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.output(EndpointsOut)
@api.doc(summary="Webhook endpoints", tags=["Staff"], security=SECURITY, responses=problems(404))
def webhooks(course_slug: str | None = None) -> EndpointsOut:
    scope = access.granted_webhooks()
    with backend().reading() as session:
        found = queries.endpoints(session, scope.course.id if scope is not None else None)
    return EndpointsOut(endpoints=[EndpointOut.model_validate(endpoint) for endpoint in found])


@api.post(COURSE)
@api.post(ADMIN)
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.input(EndpointIn, location="json", arg_name="body")
@api.output(SecretOut, status_code=201)
@api.doc(summary="Add a webhook endpoint", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def add_webhook(body: EndpointIn, course_slug: str | None = None) -> SecretOut:
    made = add_endpoint(body.url.strip(), body.description, body.events)
    return SecretOut(id=made.endpoint.id, secret=made.secret)


@api.put(f"{COURSE}/<endpoint_id>/enabled")
@api.put(f"{ADMIN}/<endpoint_id>/enabled")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.input(EnabledIn, location="json", arg_name="body")
@api.output(EndpointOut)
@api.doc(summary="Enable or disable an endpoint", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def enable_webhook(endpoint_id: str, body: EnabledIn, course_slug: str | None = None) -> EndpointOut:
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        if body.enabled:
            service.enable(session, endpoint, by=_actor())
        else:
            service.disable(session, endpoint, reason=queries.BY_HAND, by=_actor(), now=utc_now())
    return EndpointOut.model_validate(endpoint)


@api.delete(f"{COURSE}/<endpoint_id>")
@api.delete(f"{ADMIN}/<endpoint_id>")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.output({}, status_code=204)
@api.doc(summary="Remove an endpoint", tags=["Staff"], security=SECURITY, responses=problems(404))
def remove_webhook(endpoint_id: str, course_slug: str | None = None) -> str:
    with backend().writing() as session:
        service.remove(session, found_endpoint(session, endpoint_id, lock=True), by=_actor(), now=utc_now())
    return ""


@api.post(f"{COURSE}/<endpoint_id>/secret")
@api.post(f"{ADMIN}/<endpoint_id>/secret")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.input(RotateIn, location="json", arg_name="body")
@api.output(SecretOut, status_code=201)
@api.doc(summary="Rotate an endpoint's secret", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def rotate_webhook(endpoint_id: str, body: RotateIn, course_slug: str | None = None) -> SecretOut:
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        sealer = backend().webhooks.sealer
        secret = service.rotate(
            session, endpoint, sealer=sealer, overlap=body.overlap, by=_actor(), now=utc_now()
        )  # fmt: skip
    return SecretOut(id=endpoint_id, secret=secret)


@api.post(f"{COURSE}/<endpoint_id>/ping")
@api.post(f"{ADMIN}/<endpoint_id>/ping")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.output(EndpointOut, status_code=202)
@api.doc(summary="Send a test message", tags=["Staff"], security=SECURITY, responses=problems(404, 409))
def ping_webhook(endpoint_id: str, course_slug: str | None = None) -> WebhookEndpoint:
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        service.ping(session, endpoint, by=_actor(), now=utc_now())
    return endpoint


@api.get(f"{COURSE}/<endpoint_id>/deliveries")
@api.get(f"{ADMIN}/<endpoint_id>/deliveries")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.input(DeliveriesIn, location="query", arg_name="query")
@api.output(DeliveriesOut)
@api.doc(summary="What was sent, newest first", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def webhook_deliveries(endpoint_id: str, query: DeliveriesIn, course_slug: str | None = None) -> DeliveriesOut:
    with backend().reading() as session:
        found_endpoint(session, endpoint_id)
        found = queries.deliveries(
            session, endpoint_id, failed_only=query.failed, limit=query.limit, offset=query.offset
        )
    return DeliveriesOut(deliveries=[DeliveryOut.model_validate(delivery) for delivery in found])


@api.post(f"{COURSE}/<endpoint_id>/deliveries/<delivery_id>/redeliver")
@api.post(f"{ADMIN}/<endpoint_id>/deliveries/<delivery_id>/redeliver")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.output(CountOut, status_code=202)
@api.doc(summary="Send one message again", tags=["Staff"], security=SECURITY, responses=problems(404, 409))
def redeliver_webhook(endpoint_id: str, delivery_id: str, course_slug: str | None = None) -> CountOut:
    redeliver_one(endpoint_id, delivery_id)
    return CountOut(deliveries=1)


@api.post(f"{COURSE}/<endpoint_id>/redeliver")
@api.post(f"{ADMIN}/<endpoint_id>/redeliver")
@access.allow_token(access.manager_of_webhooks, scope=STAFF)
@api.input(SinceIn, location="json", arg_name="body")
@api.output(CountOut, status_code=202)
@api.doc(summary="Send again what did not arrive", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def redeliver_webhooks(endpoint_id: str, body: SinceIn, course_slug: str | None = None) -> CountOut:
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        count = service.redeliver_since(session, endpoint, body.since, by=_actor(), now=utc_now())
    return CountOut(deliveries=count)


def _actor() -> Actor:
    return Actor.of(access.caller_user())
