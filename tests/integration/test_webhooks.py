"""From a change in the database to a receiver: real databases, a real receiver, a clock that the tests turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from grader.db.models import AuditEntry, DeliveryState, OutboxMessage, WebhookDelivery, WebhookEndpoint
from grader.gradebook import overrides
from grader.gradebook.overrides import Decision
from grader.grading import service as grading
from grader.lms.http.addresses import Rules
from grader.lms.webhooks import queries, schedule, service
from grader.lms.webhooks.delivery import Courier, Parcel, claim, record
from grader.lms.webhooks.errors import EndpointDisabled, InvalidEndpoint, RotationUnderWay
from grader.lms.webhooks.fanout import fan_out
from grader.lms.webhooks.secrets import Sealer
from grader.lms.webhooks.sending import Answer, Sender
from tests.support.receivers import Receiver, accept, receiving, status
from tests.support.world import TEST, World, graded

PUBLIC = "https://grader.example.org"
SEALER = Sealer("a-key-of-tests")


@dataclass
class Hook:
    """One endpoint at a receiver of this machine. Nothing waits: `now` is turned by hand."""

    world: World
    receiver: Receiver
    endpoint_id: str = ""
    secret: str = ""
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())

    def add(self, *events: str, course: bool = True) -> service.Added:
        with self.world.backend.writing() as session:
            return service.add(
                session, course_id=self.world.course.id if course else None, url=self.receiver.url, description="",
                events=events, sealer=SEALER, by=TEST, now=self.now,
            )  # fmt: skip

    @property
    def courier(self) -> Courier:
        sender = Sender(Rules.of("127.0.0.0/8"))
        return Courier(self.world.backend.writing, SEALER, sender, lambda: self.now)

    def run(self, *, later: timedelta = timedelta()) -> int:
        self.now += later
        with self.world.backend.writing() as session:
            fan_out(session, PUBLIC, self.now)
        return self.courier.serve(self.endpoint_id)

    def endpoint(self) -> WebhookEndpoint:
        with self.world.backend.reading() as session:
            return session.get_one(WebhookEndpoint, self.endpoint_id)

    def deliveries(self) -> list[WebhookDelivery]:
        with self.world.backend.reading() as session:
            return queries.deliveries(session, self.endpoint_id, limit=100)[::-1]

    def states(self) -> list[str]:
        return [delivery.state.value for delivery in self.deliveries()]

    def events(self) -> list[str]:
        """What arrived; the signatures are checked, whatever the clock says."""
        for headers, body in self.receiver.got:
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            expected = Webhook(self.secret).sign(headers["webhook-id"], at, body.decode())
            assert expected in headers["webhook-signature"].split()
        return [json.loads(body)["type"] for _, body in self.receiver.got]

    def forget(self) -> None:
        self.receiver.got.clear()


@pytest.fixture
def hook(world: World) -> Iterator[Hook]:
    with receiving() as receiver:
        made = Hook(world, receiver)
        added = made.add()
        made.endpoint_id, made.secret = added.endpoint.id, added.secret
        yield made


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


def test_point_05_a_failure_is_tried_again_on_schedule_under_the_same_id(hook: Hook) -> None:
    hook.receiver.behave = status(500)
    start = hook.now
    assert hook.run() == 1
    waits = []
    for _ in range(len(schedule.WAITS_S) - 1):
        [delivery] = hook.deliveries()
        assert delivery.state is DeliveryState.RETRY_WAIT
        waits.append((delivery.next_try_at - hook.now).total_seconds())
        assert hook.run() == 0, "not before its time"
        hook.now = delivery.next_try_at
        assert hook.run() == 1
    for wait, planned in zip(waits, schedule.WAITS_S[1:], strict=True):
        assert planned <= wait <= planned * (1 + schedule.JITTER) + 0.001
    assert hook.states() == ["exhausted"]
    assert len({headers["webhook-id"] for headers, _ in hook.receiver.got}) == 1
    stamps = [int(headers["webhook-timestamp"]) for headers, _ in hook.receiver.got]
    assert stamps == sorted(set(stamps)), "each try has a time of its own"
    assert [attempt.status for attempt in hook.deliveries()[0].attempts] == [500] * 10
    assert hook.now - start > timedelta(days=3)
    assert hook.endpoint().failing_since is not None
    assert hook.run(later=timedelta(days=1)) == 0


def test_point_05_an_endpoint_that_fails_for_five_days_is_disabled_and_the_others_are_told(hook: Hook) -> None:
    with receiving() as receiver:
        other = Hook(hook.world, receiver)
        added = other.add("webhook.disabled")
        other.endpoint_id, other.secret = added.endpoint.id, added.secret
        hook.receiver.behave = status(503)
        hook.run()
        for _ in range(6):
            hook.world.submit()
            hook.run(later=timedelta(hours=23))
        endpoint = hook.endpoint()
        assert endpoint.disabled_at is not None
        assert "Every try has failed since" in endpoint.disabled_reason
        assert set(hook.states()) == {"cancelled"}
        tried = len(hook.receiver.got)
        hook.world.submit()
        hook.run(later=timedelta(hours=1))
        assert len(hook.receiver.got) == tried, "nothing more is sent"
        other.now = hook.now
        other.run()
        assert other.events() == ["endpoint.ping", "webhook.disabled"]
    with hook.world.backend.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "webhook.disabled")).one()
    assert (entry.actor, entry.object_id) == ("webhooks", endpoint.id)
    # Enabled again, everything that was missed can be sent, under the ids that it had.
    hook.receiver.behave = accept
    hook.forget()
    ids = [delivery.message_id for delivery in hook.deliveries()]
    with hook.world.backend.writing() as session:
        mine = session.get_one(WebhookEndpoint, hook.endpoint_id)
        with pytest.raises(EndpointDisabled):
            service.redeliver_since(session, mine, hook.now - timedelta(days=9), by=TEST, now=hook.now)
        service.enable(session, mine, by=TEST)
        count = service.redeliver_since(session, mine, hook.now - timedelta(days=9), by=TEST, now=hook.now)
    assert count == len(ids)
    assert hook.run() == len(ids)
    assert [headers["webhook-id"] for headers, _ in hook.receiver.got] == ids
    assert hook.endpoint().failing_since is None


def test_a_success_ends_a_time_of_failure(hook: Hook) -> None:
    hook.receiver.behave = status(500)
    hook.run()
    hook.receiver.behave = accept
    hook.run(later=timedelta(days=4))
    assert hook.endpoint().failing_since is None
    hook.receiver.behave = status(500)
    hook.world.submit()
    hook.run(later=timedelta(days=2))
    assert hook.endpoint().is_active


def test_gone_disables_at_once(hook: Hook) -> None:
    hook.receiver.behave = status(410)
    hook.run()
    endpoint = hook.endpoint()
    assert endpoint.disabled_at is not None
    assert "410" in endpoint.disabled_reason
    assert hook.states() == ["cancelled"]


@pytest.mark.parametrize(("asked", "least_s"), [("7200", 7200), ("1", 5), ("nonsense", 5), ("1e99", 86400), ("-5", 5)])
def test_what_the_receiver_asks_for_is_honoured_within_reason(asked: str, least_s: float) -> None:
    now = datetime.now().astimezone()
    again = schedule.next_try(1, now, asked)
    assert again is not None
    assert least_s <= (again - now).total_seconds() <= max(least_s, 6)


def test_retry_after_reaches_the_schedule_as_seconds_and_as_a_date(hook: Hook) -> None:
    for text, least in (("3600", 3600.0), ((hook.now + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S %z"), 7100)):
        hook.receiver.behave = status(429, Retry_After=text)
        hook.run(later=timedelta(hours=3))
        [delivery] = hook.deliveries()
        if "," not in text:
            assert (delivery.next_try_at - hook.now).total_seconds() >= least
    again = schedule.next_try(1, hook.now, (hook.now + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S %z"))
    assert again is not None
    assert (again - hook.now).total_seconds() >= 7100


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
