"""Incoming webhooks, from signed bytes to what they changed, what was answered and what the log says."""

from __future__ import annotations

import base64
import io
import json
import re
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from grader.courses import queries as courses
from grader.db.models import (
    Assignment,
    AuditEntry,
    Enrolment,
    Extension,
    Grade,
    IncomingMessage,
    IncomingSender,
    OutboxMessage,
    Role,
    Source,
    Submission,
    User,
)
from grader.lms.incoming import receiving, senders
from grader.lms.webhooks import secrets
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, ROOT, SLUG, World, finish, notebook, submit

PAGES = "/courses/dl-2026/incoming"
API = "/api/v1/courses/dl-2026/incoming"


@dataclass
class Portal:
    """A system that sends messages to the course, signed as it is told."""

    app: Flask
    world: World
    sender_id: str
    secret: str
    count: int = 0
    kept: list[TestResponse] = field(default_factory=list)

    def send(
        self,
        kind: str,
        data: object = None,
        *,
        message_id: str = "",
        late: timedelta = timedelta(),
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        self.count += 1
        text = json.dumps({"type": kind, "data": data or {}}) if body is None else body.decode("latin-1")
        signed = secrets.headers(message_id or f"msg_{self.count}", utc_now() - late, text, [self.secret])
        sent = {
            **signed,
            "Content-Type": "application/json",
            **{k.replace("_", "-"): v for k, v in (headers or {}).items()},
        }
        return self.app.test_client().post(f"/api/v1/hooks/{self.sender_id}", data=text.encode(), headers=sent)

    def result(self, kind: str, data: object) -> Any:
        answer = self.send(kind, data)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return answer.json["result"]

    def roster(self, *changes: dict[str, object]) -> Any:
        return self.result("roster.changed", {"changes": list(changes)})

    def log(self) -> list[IncomingMessage]:
        with self.world.backend.reading() as s:
            return list(s.scalars(select(IncomingMessage).order_by(IncomingMessage.id)))

    def audited(self) -> list[str]:
        with self.world.backend.reading() as s:
            query = select(AuditEntry.action).where(AuditEntry.object_id == self.sender_id).order_by(AuditEntry.id)
            return list(s.scalars(query))[1:]  # after "incoming.added"


@pytest.fixture
def portal(app: Flask, world: World) -> Portal:
    with world.backend.writing() as s:
        made = senders.add(
            s, course_id=world.course.id, name="Records", sealer=world.backend.webhooks.sealer, by=ADMIN, now=utc_now()
        )
    return Portal(app, world, made.sender.id, made.secret)


def json_of(answer: TestResponse) -> Any:
    assert answer.json is not None
    return answer.json


def people(world: World) -> dict[str, tuple[str, Role, str]]:
    with world.backend.reading() as s:
        return {e.user.email: (e.user.name, e.role, e.section) for e in courses.people_of(s, world.course.id)}


def rows(world: World) -> dict[str, int]:
    """How much there is of what messages could change."""
    with world.backend.reading() as s:
        tables = (User, Enrolment, Submission, Extension, Grade, OutboxMessage)
        return {table.__tablename__: s.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def assignment(world: World) -> Assignment:
    with world.backend.reading() as s:
        return s.get_one(Assignment, world.assignment.id)


def test_people_come_change_and_go(portal: Portal, world: World) -> None:
    done = portal.roster(
        {"email": "New@example.org", "name": "Ḿårțà \u202eOyelẹ́ 🎓\u0000\n  محمد", "section": "B"},
        {"action": "change", "email": "sam@example.org", "section": "A"},
        {"action": "change", "email": "tom@example.org", "role": "student"},
        {"action": "drop", "email": "sue@example.org"},
        {"action": "drop", "email": "nobody@example.org"},
    )
    assert done == {"enrolled": 1, "changed": 2, "dropped": 1, "unchanged": 1}
    found = people(world)
    assert found["new@example.org"] == ("Ḿårțà \u202eOyelẹ́ 🎓 محمد", Role.STUDENT, "B")
    assert found["sam@example.org"][2] == "A"
    assert found["tom@example.org"][1] is Role.STUDENT
    assert "sue@example.org" not in found
    with world.backend.reading() as s:
        [told] = s.scalars(select(OutboxMessage).where(OutboxMessage.kind == "roster.synced"))
        actors = set(s.scalars(select(AuditEntry.actor).where(AuditEntry.object_type == "enrolment")))
    assert told.payload["source"] == "webhook"
    assert (told.payload["changed"], told.payload["dropped"]) == (3, 1)
    assert "incoming:Records" in actors
    assert portal.audited() == ["incoming.taken"]


def test_what_a_dropped_student_handed_in_is_there_when_the_student_comes_back(portal: Portal, world: World) -> None:
    finish(world, submit(world, "sam").id)
    before = rows(world)
    portal.roster({"action": "drop", "email": "sam@example.org"})
    portal.roster({"email": "sam@example.org"})
    after = rows(world)
    assert {k: after[k] for k in ("submissions", "grades", "enrolments")} == {
        k: before[k] for k in ("submissions", "grades", "enrolments")
    }


WRONG_ROSTERS: list[tuple[list[dict[str, object]], str]] = [
    ([{"email": "new@example.org"}, {"action": "change", "email": "nobody@example.org"}], "not in this course"),
    ([{"email": "new@example.org"}, {"email": "not an address"}], "changes.1: 'not an address' is no e-mail"),
    ([{"email": "new@example.org"}, {"action": "drop", "email": "ida@example.org"}], "at least one instructor"),
    ([{"email": "new@example.org"}, {"email": "NEW@example.org"}], "twice"),
    ([{"email": "new@example.org", "rolle": "ta"}], "rolle"),
    ([{"email": "new@example.org", "role": "king"}], "role"),
    ([], "changes"),
]


def test_a_roster_that_cannot_be_taken_as_a_whole_changes_nothing(portal: Portal, world: World) -> None:
    before, there = rows(world), people(world)
    for changes, why in WRONG_ROSTERS:
        answer = portal.send("roster.changed", {"changes": changes})
        assert answer.status_code in (409, 422), changes
        assert answer.json is not None
        assert why in answer.json["detail"]
        assert (rows(world), people(world)) == (before, there)
        row = portal.log()[-1]
        assert (row.claim, row.status, row.answer["detail"]) == (None, answer.status_code, answer.json["detail"])
    assert portal.audited() == ["incoming.refused"] * len(WRONG_ROSTERS)


def test_dates_are_set_and_those_left_out_stay(portal: Portal, world: World) -> None:
    due = (utc_now() + timedelta(days=9)).replace(microsecond=0)
    closes = due + timedelta(days=1)
    portal.result("assignment.dates", {"assignment": SLUG, "due_at": due.isoformat(), "closes_at": closes.isoformat()})
    portal.result("assignment.dates", {"assignment": SLUG, "closes_at": None})
    found = assignment(world)
    assert (found.due_at, found.closes_at) == (due, None)
    wrong = [
        ({"assignment": SLUG}, 422),
        ({"assignment": "unknown", "due_at": None}, 422),
        ({"assignment": SLUG, "due_at": "2026-11-21T10:00"}, 422),  # without a zone
        ({"assignment": SLUG, "due_at": "9999-12-31T23:59:59-14:00"}, 422),
        ({"assignment": SLUG, "opens_at": (due + timedelta(days=1)).isoformat()}, 422),
    ]
    for data, status in wrong:
        assert portal.send("assignment.dates", data).status_code == status, data
    assert assignment(world).due_at == due


def test_extensions_are_given_and_taken_back(portal: Portal, world: World) -> None:
    later = (utc_now() + timedelta(days=30)).isoformat()
    data = {"assignment": SLUG, "students": ["sam@example.org", "sue@example.org"], "due_at": later, "reason": "ill"}
    assert portal.result("extension.granted", data)["students"] == 2
    with world.backend.reading() as s:
        assert {e.reason for e in s.scalars(select(Extension))} == {"ill"}
    refused = portal.send("extension.granted", {**data, "students": ["sam@example.org", "ida@example.org"]})
    assert refused.status_code == 422
    portal.result("extension.revoked", {"assignment": SLUG, "students": ["sam@example.org"]})
    with world.backend.reading() as s:
        given = {e.student_id: e.due_at for e in s.scalars(select(Extension))}
    assert given[world.people["sam"].id] is None
    assert given[world.people["sue"].id] is not None


def hand_in(**changes: object) -> dict[str, object]:
    content = base64.b64encode(notebook("w = 1")).decode()
    return {"assignment": SLUG, "student": "sam@example.org", "notebook": content, **changes}


def test_work_is_handed_in_for_a_student_through_the_ordinary_intake(portal: Portal, world: World) -> None:
    done = portal.result("submission.handed_in", hand_in(filename="../ü.ipynb", answers={"ratio_1000d": "1.2"}))
    with world.backend.reading() as s:
        made = s.get_one(Submission, done["submission_id"])
        runs = s.scalars(select(OutboxMessage.kind).where(OutboxMessage.kind == "run.job")).all()
    assert (made.student_id, made.source, made.number) == (world.people["sam"].id, Source.WEBHOOK, done["number"])
    assert (made.filename, made.answers) == ("ü.ipynb", {"ratio_1000d": "1.2"})
    assert len(runs) == 1


WRONG_WORK: list[tuple[dict[str, object], str]] = [
    ({"notebook": "not base64!"}, "not base64"),
    ({"notebook": base64.b64encode(b"no notebook").decode()}, ""),
    ({"notebook": None}, "either notebook"),
    ({"notebook_url": "https://example.org/x.ipynb"}, "either notebook"),
    ({"notebook": None, "notebook_url": "http://127.0.0.1:6379/x"}, "not a public address"),
    ({"notebook": None, "notebook_url": "http://169.254.169.254/latest"}, "not a public address"),
    ({"notebook": None, "notebook_url": "file:///etc/passwd"}, "must begin with https"),
    ({"student": "olga@example.org"}, "not in this course"),
    ({"answers": {"unknown": "1"}}, "no such field"),
]


def test_work_that_is_refused_leaves_nothing(portal: Portal, world: World) -> None:
    before = rows(world)
    for changes, why in WRONG_WORK:
        answer = portal.send("submission.handed_in", hand_in(**changes))
        assert answer.status_code == 422, answer.text
        assert why in answer.text
        assert rows(world) == before


def test_the_rules_hold_for_work_that_comes_by_webhook(portal: Portal, world: World) -> None:
    past = utc_now() - timedelta(days=1)
    portal.result("assignment.dates", {"assignment": SLUG, "due_at": past.isoformat(), "closes_at": past.isoformat()})
    answer = portal.send("submission.handed_in", hand_in())
    assert answer.status_code == 409
    assert "closed" in answer.text
    assert portal.log()[-1].status == 409


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


def test_the_pages_make_rotate_disable_and_show_what_came(portal: Portal, world: World, ida: Browser) -> None:
    def post(path: str, **data: str) -> tuple[int, str]:
        answer = ida.client.post(path, data={"csrf_token": ida.token("/"), **data})
        return answer.status_code, answer.text

    code, page = post(PAGES, name="  Middle   ware ")
    assert code == 200
    found = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)
    assert found
    assert post(PAGES, name=" ")[0] == 422
    here = f"{PAGES}/{portal.sender_id}"
    portal.send("roster.changed", {"changes": [{"email": "new@example.org"}]}, message_id="msg_a")
    portal.send("roster.changed", {"changes": [{"email": "new@example.org"}]}, message_id="msg_a")
    portal.send("grade.<script>", message_id="msg_b")
    shown = ida.client.get(here).text
    assert "enrolled: 1" in shown
    assert "came 1 more time" in shown
    assert "There is no event" in shown
    assert "<script>&#39;" not in shown
    assert "grade.<script>" not in shown
    assert "enrolled: 1" not in ida.client.get(f"{here}?show=refused").text
    assert found.group() not in ida.client.get(PAGES).text + shown
    assert "Middle ware" in ida.client.get(PAGES).text
    assert post(f"{here}/rotate")[0] == 200
    assert post(f"{here}/rotate")[0] == 409
    assert post(f"{here}/disable")[0] == 303
    assert portal.send("endpoint.ping").status_code == 403
    assert "disabled" in ida.client.get(here).text
    assert post(f"{here}/enable")[0] == 303
    assert portal.send("endpoint.ping").status_code == 200
    assert ida.client.get(f"{PAGES}/none").status_code == 404


def test_programs_manage_senders_and_read_the_log(app: Flask, portal: Portal, world: World) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    made = client.post(API, headers=headers, json={"name": "Bot"})
    assert made.status_code == 201
    made_out = json_of(made)
    [_, bot] = json_of(client.get(API, headers=headers))["senders"]
    assert bot["url"].endswith(f"/api/v1/hooks/{made_out['id']}")
    mine = Portal(app, world, made_out["id"], made_out["secret"])
    mine.send("endpoint.ping")
    one = f"{API}/{made_out['id']}"
    [row] = json_of(client.get(f"{one}/messages", headers=headers))["messages"]
    assert (row["event"], row["status"], row["answer"]["result"]) == ("endpoint.ping", 200, {})
    assert client.post(f"{one}/secret", headers=headers, json={"overlap": False}).status_code == 201
    assert mine.send("endpoint.ping").status_code == 401
    assert json_of(client.put(f"{one}/enabled", headers=headers, json={"enabled": False}))["disabled_at"]
    assert len(json_of(client.get(f"{one}/messages?refused=true", headers=headers))["messages"]) == 1


def test_a_course_has_a_bounded_number_of_senders(
    portal: Portal, world: World, ida: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "MOST_SENDERS", 1)
    answer = ida.client.post(PAGES, data={"csrf_token": ida.token("/"), "name": "Second"})
    assert answer.status_code == 409
    assert "Disable one first" in answer.text


def test_the_documented_sender_is_understood(portal: Portal, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (ROOT / "docs" / "lms.md").read_text()
    [code] = [c for c in re.findall(r"```python\n(.*?)```", document, re.DOTALL) if "def send" in c]
    names: dict[str, Any] = {}
    exec(code, names)

    def urlopen(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        """What the network would do."""
        answer = portal.app.test_client().post(
            request.full_url, data=request.data, headers=dict(request.header_items())
        )
        assert answer.status_code == 200, answer.text
        return io.BytesIO(answer.data)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    url = f"http://localhost/api/v1/hooks/{portal.sender_id}"
    data = {"changes": [{"action": "enrol", "email": "new@example.org", "name": "Łucja", "section": "B"}]}
    first = names["send"](url, portal.secret, "roster.changed", data, "msg_doc")
    again = names["send"](url, portal.secret, "roster.changed", data, "msg_doc")
    assert first == again
    assert first["result"]["enrolled"] == 1
    assert people(world)["new@example.org"][0] == "Łucja"
