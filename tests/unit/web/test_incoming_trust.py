"""Incoming webhooks: which messages are believed, and that each acts once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from flask import Flask

from grader.db.models import (
    IncomingSender,
)
from grader.lms.incoming import receiving, senders
from grader.lms.webhooks import secrets
from grader.time import utc_now
from tests.unit.web.portal import Portal, hand_in, people, rows
from tests.unit.web.world import ADMIN, World


def test_a_message_that_comes_again_gets_the_first_answer_and_acts_once(portal: Portal, world: World) -> None:
    first = portal.send("submission.handed_in", hand_in(), message_id="msg_x")
    after = rows(world)
    again = portal.send("submission.handed_in", hand_in(), message_id="msg_x", late=timedelta(seconds=30))
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert rows(world) == after
    assert [row.repeats for row in portal.log()] == [1]
    other = portal.send("submission.handed_in", hand_in(filename="b.ipynb"), message_id="msg_x")
    assert other.status_code == 409
    assert rows(world) == after


def test_what_was_refused_may_be_sent_again_under_its_id(portal: Portal, world: World) -> None:
    data = {"changes": [{"action": "change", "email": "new@example.org", "section": "Q"}]}
    assert portal.send("roster.changed", data, message_id="msg_r").status_code == 422
    portal.roster({"email": "new@example.org"})
    assert portal.send("roster.changed", data, message_id="msg_r").status_code == 200
    assert people(world)["new@example.org"][2] == "Q"


def test_ids_of_one_sender_say_nothing_of_another(portal: Portal, world: World, app: Flask) -> None:
    with world.backend.writing() as s:
        made = senders.add(
            s, course_id=world.other.id, name="Other", sealer=world.backend.webhooks.sealer, by=ADMIN, now=utc_now()
        )
    other = Portal(app, world, made.sender.id, made.secret)
    assert portal.send("endpoint.ping", message_id="same").status_code == 200
    assert other.send("endpoint.ping", message_id="same").status_code == 200
    stolen = Portal(app, world, made.sender.id, portal.secret)
    assert stolen.send("endpoint.ping").status_code == 401, "a sender of one course changes no other"


def test_a_clock_that_is_ten_minutes_off_is_refused_and_told_so(portal: Portal, world: World) -> None:
    before = rows(world)
    for minutes in (10, -10):
        data = {"changes": [{"email": "new@example.org"}]}
        answer = portal.send("roster.changed", data, late=timedelta(minutes=minutes))
        assert answer.status_code == 401
        assert "Set the sender's clock" in answer.text
    assert rows(world) == before
    assert portal.audited() == ["incoming.refused"] * 2


FORGED: list[dict[str, str]] = [
    {"webhook_signature": "v1,AAAA"},
    {"webhook_signature": "v1"},
    {"webhook_signature": "nonsense , , v2,x"},
    {"webhook_signature": "v1,\u00e9\u00e9"},
    {"webhook_signature": ""},
    {"webhook_id": "msg_other"},
    {"webhook_id": "with blank"},
    {"webhook_id": "x" * 300},
    {"webhook_timestamp": "soon"},
    {"webhook_timestamp": "99999999999999999999"},
    {"webhook_timestamp": "-1"},
]


def test_a_message_that_is_not_genuine_is_refused(portal: Portal, world: World) -> None:
    before = rows(world)
    for headers in FORGED:
        answer = portal.send("roster.changed", {"changes": [{"email": "new@example.org"}]}, headers=headers)
        assert answer.status_code == 401, (headers, answer.text)
        assert answer.json is not None
        assert answer.json["code"] == "unverified-message"
    assert rows(world) == before
    assert [row.status for row in portal.log()] == [401] * len(FORGED)
    assert portal.audited() == ["incoming.refused"] * len(FORGED)


def test_one_changed_byte_is_noticed(portal: Portal) -> None:
    text = json.dumps({"type": "endpoint.ping", "data": {"n": 1}})
    headers = secrets.headers("msg_1", utc_now(), text, [portal.secret])
    url, client = f"/api/v1/hooks/{portal.sender_id}", portal.app.test_client()
    assert client.post(url, data=text.replace("1", "2"), headers=headers).status_code == 401
    assert client.post(url, data=text, headers=headers).status_code == 200


SENSELESS: list[tuple[bytes, str]] = [
    (b'{"type": "grade.stolen", "data": {}}', "unknown-event"),
    (b"", "invalid-message"),
    (b"[]", "invalid-message"),
    (b'{"type": 7}', "invalid-message"),
    (b"{" * 50_000, "invalid-message"),
    (b'{"type": "endpoint.ping", "data": "\\ud800"}', "invalid-message"),
    (b'{"type": "roster.changed", "data": {"changes": ' + b"[" * 3000 + b"]" * 3000 + b"}}", "invalid-message"),
]


def test_a_genuine_message_without_sense_is_refused_with_the_reason(portal: Portal) -> None:
    for body, code in SENSELESS:
        answer = portal.send("", body=body)
        assert answer.status_code == 422, body[:60]
        assert answer.json is not None
        assert answer.json["code"] == code
        assert portal.log()[-1].answer["code"] == code


def test_five_megabytes_are_refused_unread(portal: Portal, world: World) -> None:
    before = rows(world)
    answer = portal.send("roster.changed", {"changes": [], "more": "x" * 5_000_000})
    assert answer.status_code == 413
    assert "notebook_url" in answer.text
    assert rows(world) == before
    assert portal.log()[0].size_bytes > 5_000_000
    assert portal.audited() == ["incoming.refused"]


def test_refused_messages_fill_no_disk(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_REFUSED", 3)
    portal.send("endpoint.ping")
    for _ in range(6):
        portal.send("endpoint.ping", headers={"webhook_signature": "v1,AAAA"})
    assert sorted(row.status for row in portal.log()) == [200, 401, 401, 401]


def test_nobody_sends_to_an_address_that_was_never_given(app: Flask) -> None:
    assert app.test_client().post("/api/v1/hooks/none", data="{}").status_code == 404
    assert app.test_client().get("/api/v1/hooks/none").status_code == 405


def test_old_and_new_secret_hold_for_a_day(portal: Portal, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sealer, old = world.backend.webhooks.sealer, portal.secret

    def rotate(*, overlap: bool, now: datetime) -> str:
        with world.backend.writing() as s:
            found = s.get_one(IncomingSender, portal.sender_id)
            return senders.rotate(s, found, sealer=sealer, overlap=overlap, by=ADMIN, now=now)

    new = rotate(overlap=True, now=utc_now())
    for secret in (old, new):
        portal.secret = secret
        assert portal.send("endpoint.ping").status_code == 200
    rotate(overlap=False, now=utc_now())
    assert portal.send("endpoint.ping").status_code == 401
    with world.backend.writing() as s:  # an overlap that ended
        s.get_one(IncomingSender, portal.sender_id).old_secret = sealer.seal(new)
        s.get_one(IncomingSender, portal.sender_id).old_secret_until = utc_now() - timedelta(seconds=1)
    assert portal.send("endpoint.ping").status_code == 401
