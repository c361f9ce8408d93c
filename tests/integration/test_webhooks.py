"""From a change in the database to a receiver: real databases, a real receiver, a clock that the tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from grader.db.models import DeliveryState, OutboxMessage, WebhookDelivery, WebhookEndpoint
from grader.gradebook import overrides
from grader.gradebook.overrides import Decision
from grader.grading import service as grading
from grader.lms.http.addresses import Rules
from grader.lms.webhooks import service
from grader.lms.webhooks.delivery import Courier, Parcel, claim, record
from grader.lms.webhooks.errors import InvalidEndpoint, RotationUnderWay
from grader.lms.webhooks.fanout import fan_out
from grader.lms.webhooks.secrets import Sealer
from grader.lms.webhooks.sending import Answer, Sender
from tests.support.hook import PUBLIC, SEALER, Hook
from tests.support.receivers import receiving
from tests.support.world import TEST, World, graded


def test_point_01_what_happens_arrives_signed_and_one_changed_byte_is_noticed(hook: Hook) -> None:
    accepted = hook.world.submit()
    hook.world.record(graded(accepted.run, 7.0))
    assert hook.run() == 4
    assert hook.events() == ["endpoint.ping", "submission.received", "submission.graded", "grade.changed"]
    assert hook.states() == ["delivered"] * 4
    assert hook.run() == 0
    data = Webhook(hook.secret).verify(hook.receiver.got[3][1], hook.receiver.got[3][0])["data"]
    assert (data["score"], data["max_score"], data["revision"]) == (7.0, 10.0, 1)
    assert data["url"] == f"{PUBLIC}/submissions/{accepted.submission.id}"
    assert all(len(body) < 20_000 for _, body in hook.receiver.got)
    sent = b"".join(body for _, body in hook.receiver.got)
    assert b"Ada" not in sent
    assert b"@" not in sent, "neither names nor addresses leave"
    headers, body = hook.receiver.got[3]
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(body.replace(b"7.0", b"9.0"), headers)


def test_point_04_a_change_that_is_rolled_back_tells_nobody(hook: Hook) -> None:
    run = hook.world.submit().run
    hook.run()
    hook.forget()

    def undone() -> None:
        with hook.world.backend.writing() as session:
            grading.record(session, graded(run, 7.0), hook.world.now, hook.world.rules)
            raise LookupError

    with pytest.raises(LookupError):
        undone()
    assert hook.run() == 0
    assert hook.receiver.got == []


def test_hidden_grades_stay_hidden_until_they_are_released_and_are_then_taken_back(hook: Hook) -> None:
    world = hook.world
    with world.backend.writing() as session:
        overrides.show_grades(session, assignment=world.assignment, shown=False, by=TEST)
    world.record(graded(world.submit().run, 7.0))
    hook.run()
    assert hook.events() == ["endpoint.ping", "submission.received", "submission.graded"]
    assert b'"score":null' in hook.receiver.got[-1][1]
    hook.forget()
    for shown in (True, False):
        with world.backend.writing() as session:
            overrides.show_grades(session, assignment=world.assignment, shown=shown, by=TEST)
    hook.run()
    assert hook.events() == ["grade.released", "grade.retracted"]


def test_an_override_is_told_with_its_revision(hook: Hook) -> None:
    world = hook.world
    hook.run()
    hook.forget()
    decision = Decision(score=9.0, note="viva")
    with world.backend.writing() as session:
        overrides.decide(
            session, assignment=world.assignment, student=world.student, decision=decision, expected=0, by=TEST
        )
    hook.run()
    assert hook.events() == ["grade.changed"]
    assert b'"revision":1' in hook.receiver.got[0][1]


def test_endpoints_get_what_they_asked_for_from_when_they_were_added(hook: Hook) -> None:
    hook.world.submit()
    with receiving() as receiver:
        late = Hook(hook.world, receiver)
        added = late.add("grade.changed", course=False)
        late.endpoint_id, late.secret = added.endpoint.id, added.secret
        hook.world.record(graded(hook.world.submit().run))
        late.run()
        assert late.events() == ["endpoint.ping", "grade.changed"]


def test_point_02_old_and_new_secret_sign_for_a_day_and_then_the_new_one_alone(hook: Hook) -> None:
    old = hook.secret
    with hook.world.backend.writing() as session:
        endpoint = session.get_one(WebhookEndpoint, hook.endpoint_id)
        new = service.rotate(session, endpoint, sealer=SEALER, overlap=True, by=TEST, now=hook.now)
        with pytest.raises(RotationUnderWay):
            service.rotate(session, endpoint, sealer=SEALER, overlap=True, by=TEST, now=hook.now)
    hook.run()
    headers, body = hook.receiver.got[0]
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
    hook.forget()
    hook.world.submit()
    hook.now += timedelta(hours=25)
    hook.run()
    headers, body = hook.receiver.got[0]
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"].split() == [Webhook(new).sign(headers["webhook-id"], at, body.decode())]
    hook.forget()
    with hook.world.backend.writing() as session:
        endpoint = session.get_one(WebhookEndpoint, hook.endpoint_id)
        leaked = service.rotate(session, endpoint, sealer=SEALER, overlap=False, by=TEST, now=hook.now)
        service.ping(session, endpoint, by=TEST, now=hook.now)
    hook.now = datetime.now().astimezone() + timedelta(minutes=1)
    with hook.world.backend.writing() as session:
        for delivery in session.scalars(select(WebhookDelivery).where(WebhookDelivery.state == DeliveryState.PENDING)):
            delivery.next_try_at = hook.now
    hook.run()
    headers, body = hook.receiver.got[0]
    assert Webhook(leaked).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body, headers)


def test_point_03_a_sender_that_dies_after_the_answer_sends_the_same_message_again(hook: Hook) -> None:
    with hook.world.backend.writing() as session:
        parcel = claim(session, hook.endpoint_id, hook.now)
    assert parcel is not None
    hook.courier._send(parcel)  # the receiver has it, and the sender dies before it could note that
    assert hook.run() == 0, "the lease holds"
    assert hook.run(later=timedelta(seconds=61)) == 1
    first, second = hook.receiver.got
    assert (first[0]["webhook-id"], first[1]) == (second[0]["webhook-id"], second[1])
    with hook.world.backend.writing() as session:  # and should the dead come back, it changes nothing
        record(session, parcel, Answer(1.0, 500, "late"), hook.now)
    assert hook.states() == ["delivered"]


def test_one_message_at_a_time_goes_to_an_endpoint(hook: Hook) -> None:
    hook.world.submit()
    with hook.world.backend.writing() as session:
        fan_out(session, PUBLIC, hook.now)
        assert isinstance(claim(session, hook.endpoint_id, hook.now), Parcel)
    with hook.world.backend.writing() as session:
        assert claim(session, hook.endpoint_id, hook.now) is None


def test_a_secret_that_cannot_be_read_is_a_failure_that_says_so(hook: Hook) -> None:
    courier = Courier(hook.world.backend.writing, Sealer("another key"), Sender(Rules()), lambda: hook.now)
    assert courier.serve(hook.endpoint_id) == 1
    assert "Rotate" in hook.deliveries()[0].attempts[0].problem
    assert hook.receiver.got == []


def test_secrets_are_sealed_in_the_database(hook: Hook) -> None:
    assert hook.secret not in hook.endpoint().secret
    assert SEALER.open(hook.endpoint().secret) == hook.secret


def test_old_events_without_any_endpoint_are_settled(world: World) -> None:
    world.submit()
    with world.backend.writing() as session:
        assert fan_out(session, PUBLIC, world.now) == 1
    with world.backend.reading() as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "submission.received"))
        assert all(row.dispatched_at is not None for row in rows)


def test_unknown_events_are_refused(hook: Hook) -> None:
    with pytest.raises(InvalidEndpoint, match=r"no event 'grade\.stolen'"):
        hook.add("grade.stolen")
