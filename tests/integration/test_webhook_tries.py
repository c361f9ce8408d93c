"""What becomes of webhooks that fail: tried again on schedule, endpoints given up and enabled again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from grader.db.models import AuditEntry, DeliveryState, WebhookEndpoint
from grader.lms.webhooks import schedule, service
from grader.lms.webhooks.errors import EndpointDisabled
from tests.support.hook import Hook
from tests.support.receivers import accept, receiving, status
from tests.support.world import TEST


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
