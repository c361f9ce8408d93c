from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from grader.accounts import service as accounts
from grader.db.models import AuditEntry, DeliveryState, WebhookDelivery, WebhookEndpoint
from grader.lms.http.addresses import resolve_name
from grader.lms.webhooks import service
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, World

COURSE = "/courses/dl-2026/webhooks"
API = f"/api/v1{COURSE}"
URL = "https://93.184.216.34/hook"  # a public address, which nobody here connects to


def endpoint(world: World) -> WebhookEndpoint:
    with world.backend.reading() as s:
        return s.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.id.desc())).first()  # type: ignore[return-value]


def actions(world: World) -> list[str]:
    with world.backend.reading() as s:
        query = select(AuditEntry.action).where(AuditEntry.object_type == "webhook").order_by(AuditEntry.id)
        return list(s.scalars(query))


def add(browser: Browser, path: str = COURSE) -> str:
    answer = browser.post(path, url=URL, description="Portal", events=["grade.changed"])
    code, page = answer.status_code, answer.text
    assert code == 200, page
    found = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)
    assert found
    return found.group()


def test_an_endpoint_is_added_and_its_secret_shown_this_once(world: World, ida: Browser) -> None:
    secret = add(ida)
    found = endpoint(world)
    assert (found.url, found.events, found.course_id) == (URL, ["grade.changed"], world.course.id)
    pages = ida.client.get(COURSE).text + ida.client.get(f"{COURSE}/{found.id}").text
    assert secret not in pages
    assert "endpoint.ping" in pages
    assert "waits to be sent" in pages
    assert world.backend.webhooks.sealer.open(found.secret) == secret
    assert actions(world) == ["webhook.added"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:6379/", "not a public address"),
        ("https://169.254.169.254/latest", "not a public address"),
        ("http://93.184.216.34/", "must begin with https://"),
        ("ftp://93.184.216.34/", "must begin with https://"),
        ("https://me:pw@93.184.216.34/", "no user name"),
        ("https://93.184.216.34/" + "x" * 2000, "more than 2000 characters"),
        ("", "must begin with https://"),
        ("<script>alert(1)</script>", "must begin with https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_reason(
    world: World, ida: Browser, url: str, why: str
) -> None:
    answer = ida.post(COURSE, url=url, events=[])
    code, page = answer.status_code, answer.text
    assert code == 422
    assert why in page
    assert "<script>alert" not in page
    assert endpoint(world) is None


def test_rotating_disabling_enabling_and_removing(world: World, ida: Browser) -> None:
    first = add(ida)
    here = f"{COURSE}/{endpoint(world).id}"
    answer = ida.post(f"{here}/rotate")
    code, page = answer.status_code, answer.text
    assert code == 200
    assert first not in page
    assert "carry a signature with the old secret too" in page
    assert ida.post(f"{here}/rotate").status_code == 409
    assert "has ended" in ida.post(f"{here}/rotate", leaked="yes").text
    assert ida.post(f"{here}/disable").status_code == 303
    assert "disabled" in ida.client.get(COURSE).text
    assert ida.post(f"{here}/ping").status_code == 409
    assert ida.post(f"{here}/enable").status_code == 303
    assert ida.post(f"{here}/ping").status_code == 303
    assert ida.post(f"{here}/remove").status_code == 303
    assert ida.client.get(here).status_code == 404
    assert actions(world) == [
        f"webhook.{what}" for what in ("added", "rotated", "rotated", "disabled", "enabled", "pinged", "removed")
    ]


def test_one_message_and_all_since_a_time_are_sent_again(world: World, ida: Browser) -> None:
    add(ida)
    here = f"{COURSE}/{endpoint(world).id}"
    with world.backend.writing() as s:
        delivery = s.scalars(select(WebhookDelivery)).one()
        delivery.state = DeliveryState.EXHAUSTED
    assert "failed for good" in ida.client.get(f"{here}?show=failed").text
    assert ida.post(f"{here}/deliveries/{delivery.id}").status_code == 303
    assert ida.post(f"{here}/deliveries/{delivery.id}").status_code == 409, "it waits already"
    assert ida.post(f"{here}/deliveries/none").status_code == 404
    with world.backend.writing() as s:
        s.scalars(select(WebhookDelivery)).one().state = DeliveryState.CANCELLED
    assert ida.post(f"{here}/redeliver", since="2020-01-01T00:00").status_code == 303
    with world.backend.reading() as s:
        assert s.scalars(select(WebhookDelivery)).one().state is DeliveryState.PENDING
    assert ida.post(f"{here}/redeliver", since="tomorrow").status_code == 303
    assert "Say since when" in ida.client.get(here).text


def test_what_a_receiver_answers_is_shown_as_text(world: World, ida: Browser) -> None:
    from grader.lms.webhooks.delivery import claim, record
    from grader.lms.webhooks.sending import Answer

    add(ida)
    found = endpoint(world)
    with world.backend.writing() as s:
        parcel = claim(s, found.id, utc_now())
        assert parcel is not None
    with world.backend.writing() as s:
        record(s, parcel, Answer(0.1, 500, "Answered with status 500.", "<script>alert(1)</script>\x00"), utc_now())
    page = ida.client.get(f"{COURSE}/{found.id}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_another_course_and_the_service_do_not_see_it(app: Flask, world: World, ida: Browser) -> None:
    add(ida)
    found = endpoint(world)
    with world.backend.writing() as s:
        accounts.set_admin(s, user=s.merge(world.people["olga"]), admin=True, by=ADMIN)
    olga = Browser(app)
    olga.sign_in("olga")
    assert olga.client.get(f"/admin/webhooks/{found.id}").status_code == 404
    add(olga, "/admin/webhooks")
    mine = endpoint(world)
    assert mine.course_id is None
    assert olga.client.get(f"/admin/webhooks/{mine.id}").status_code == 200
    assert ida.client.get(f"{COURSE}/{mine.id}").status_code == 404


def test_the_api_does_the_same(world: World, app: Flask) -> None:
    client, auth = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    made = client.post(API, json={"url": URL, "events": ["grade.released"]}, headers=auth)
    assert made.status_code == 201, made.text
    assert made.json["secret"].startswith("whsec_")
    here = f"{API}/{made.json['id']}"
    [listed] = client.get(API, headers=auth).json["endpoints"]
    assert "secret" not in listed
    assert client.post(f"{here}/ping", headers=auth).status_code == 202
    rows = client.get(f"{here}/deliveries", headers=auth).json["deliveries"]
    assert [row["event"] for row in rows] == ["endpoint.ping"] * 2
    assert client.post(f"{here}/secret", json={}, headers=auth).status_code == 201
    refused = client.post(f"{here}/secret", json={}, headers=auth)
    assert (refused.status_code, refused.json["code"]) == (409, "rotation-under-way")
    assert client.put(f"{here}/enabled", json={"enabled": False}, headers=auth).json["disabled_at"]
    since = {"since": "2020-01-01T00:00:00Z"}
    assert client.post(f"{here}/redeliver", json=since, headers=auth).status_code == 409
    assert client.put(f"{here}/enabled", json={"enabled": True}, headers=auth).json["disabled_at"] is None
    assert client.post(f"{here}/redeliver", json=since, headers=auth).json == {"deliveries": 2}
    again = client.post(f"{here}/deliveries/{rows[0]['id']}/redeliver", headers=auth)
    assert again.status_code == 409
    bad = client.post(API, json={"url": URL, "events": ["x"]}, headers=auth)
    assert (bad.status_code, bad.json["code"]) == (422, "invalid-endpoint")
    assert client.delete(here, headers=auth).status_code == 204
    assert client.get(f"{here}/deliveries", headers=auth).status_code == 404


def test_there_is_a_most_of_endpoints(world: World, ida: Browser) -> None:
    for _ in range(service.MOST_ENDPOINTS):
        add(ida)
    assert ida.post(COURSE, url=URL).status_code == 409


def test_the_system_resolver_answers_for_this_machine() -> None:
    assert "127.0.0.1" in resolve_name("127.0.0.1", 443, 5.0)


def test_the_dashboard_says_when_the_service_gave_an_endpoint_up(app: Flask, world: World, ida: Browser) -> None:
    page = "/courses/dl-2026/dashboard"
    add(ida)
    assert "failed and is disabled" not in ida.client.get(page).text
    assert ida.post(f"{COURSE}/{endpoint(world).id}/disable").status_code == 303
    assert "failed and is disabled" not in ida.client.get(page).text, "somebody wanted that"
    assert ida.post(f"{COURSE}/{endpoint(world).id}/enable").status_code == 303
    with world.backend.writing() as s:
        service.give_up(s, s.get_one(WebhookEndpoint, endpoint(world).id), "It answered 410 Gone.", utc_now())
    shown = ida.client.get(page).text
    assert "1 webhook endpoint failed and is disabled" in shown
    assert "Look at the webhooks" in shown
    tom = Browser(app)
    tom.sign_in("tom")
    assert "failed and is disabled" in tom.client.get(page).text
    assert "Look at the webhooks" not in tom.client.get(page).text
