"""Incoming webhooks: the address that takes messages, and who may send them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out
from grader.api.v1.webhooks import EnabledIn, RotateIn, SecretOut
from grader.audit.service import Actor
from grader.db.models import IncomingSender
from grader.lms.incoming import queries, senders
from grader.time import utc_now
from grader.web import access
from grader.web.arrivals import address_of, take_arrival
from grader.web.backend import backend
from grader.web.views.incoming import found_sender

COURSE = "/courses/<course_slug>/incoming"
ONE = f"{COURSE}/<sender_id>"


class TakenOut(Out):
    message_id: str
    type: str
    result: dict[str, Any] = Field(description="What was done.")


class SenderOut(Out):
    id: str
    name: str
    url: str = Field(description="Where its messages go.")
    created_at: datetime
    disabled_at: datetime | None
    old_secret_until: datetime | None


class SendersOut(Out):
    senders: list[SenderOut]


class SenderIn(Body):
    name: str = Field(min_length=1, max_length=senders.MOST_NAME)


class MessageOut(Out):
    id: str
    message_id: str
    event: str
    status: int
    answer: dict[str, Any]
    size_bytes: int
    repeats: int = Field(description="How often it came again after it had been carried out.")
    created_at: datetime


class MessagesOut(Out):
    messages: list[MessageOut]


class MessagesIn(In):
    refused: bool = Field(False, description="Only what was refused.")
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=1_000_000)


@api.post("/hooks/<sender_id>")
@access.allow_anyone
@api.output(TakenOut)
@api.doc(
    summary="Take a signed message",
    description="The address of an incoming webhook, after Standard Webhooks: the headers `webhook-id`, "
    "`webhook-timestamp` and `webhook-signature` stand for a token. A message that comes again gets the first answer.",
    tags=["Incoming webhooks"],
    responses=problems(404, 409, 413, 422, 503),
)
def hook(sender_id: str) -> dict[str, Any]:
    return take_arrival(sender_id)


@api.get(COURSE)
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.output(SendersOut)
@api.doc(summary="Senders of incoming webhooks", tags=["Staff"], security=SECURITY, responses=problems(404))
def incoming(course_slug: str) -> SendersOut:
    with backend().reading() as session:
        found = queries.senders(session, access.granted_course().course.id)
    return SendersOut(senders=[_out(sender) for sender in found])


@api.post(COURSE)
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(SenderIn, location="json", arg_name="body")
@api.output(SecretOut, status_code=201)
@api.doc(summary="Add a sender", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def add_sender(course_slug: str, body: SenderIn) -> SecretOut:
    course = access.granted_course().course
    with backend().writing() as session:
        made = senders.add(
            session, course_id=course.id, name=body.name, sealer=backend().webhooks.sealer, by=_actor(), now=utc_now()
        )
    return SecretOut(id=made.sender.id, secret=made.secret)


@api.put(f"{ONE}/enabled")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(EnabledIn, location="json", arg_name="body")
@api.output(SenderOut)
@api.doc(summary="Enable or disable a sender", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def enable_sender(course_slug: str, sender_id: str, body: EnabledIn) -> SenderOut:
    with backend().writing() as session:
        sender = found_sender(session, sender_id, lock=True)
        senders.set_enabled(session, sender, enabled=body.enabled, by=_actor(), now=utc_now())
    return _out(sender)


@api.delete(ONE)
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.output({}, status_code=204)
@api.doc(summary="Remove a sender", tags=["Staff"], security=SECURITY, responses=problems(404))
def remove_sender(course_slug: str, sender_id: str) -> str:
    with backend().writing() as session:
        senders.remove(session, found_sender(session, sender_id, lock=True), by=_actor(), now=utc_now())
    return ""


@api.post(f"{ONE}/secret")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(RotateIn, location="json", arg_name="body")
@api.output(SecretOut, status_code=201)
@api.doc(summary="Give a sender a new secret", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def rotate_sender(course_slug: str, sender_id: str, body: RotateIn) -> SecretOut:
    with backend().writing() as session:
        sender = found_sender(session, sender_id, lock=True)
        sealer = backend().webhooks.sealer
        secret = senders.rotate(session, sender, sealer=sealer, overlap=body.overlap, by=_actor(), now=utc_now())
    return SecretOut(id=sender_id, secret=secret)


@api.get(f"{ONE}/messages")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(MessagesIn, location="query", arg_name="query")
@api.output(MessagesOut)
@api.doc(summary="What came from a sender", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def incoming_messages(course_slug: str, sender_id: str, query: MessagesIn) -> MessagesOut:
    with backend().reading() as session:
        found_sender(session, sender_id)
        found = queries.messages(
            session, sender_id, refused_only=query.refused, limit=query.limit, offset=query.offset
        )  # fmt: skip
    return MessagesOut(messages=[MessageOut.model_validate(row) for row in found])


def _out(sender: IncomingSender) -> SenderOut:
    return SenderOut(
        id=sender.id, name=sender.name, url=address_of(sender.id), created_at=sender.created_at,
        disabled_at=sender.disabled_at, old_secret_until=sender.old_secret_until,
    )  # fmt: skip


def _actor() -> Actor:
    return Actor.of(access.caller_user())
