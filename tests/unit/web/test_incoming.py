"""Incoming webhooks: what messages change, and what was answered."""

from __future__ import annotations

import base64
from datetime import timedelta

from sqlalchemy import select

from grader.db.models import (
    AuditEntry,
    Extension,
    OutboxMessage,
    Role,
    Source,
    Submission,
)
from grader.time import utc_now
from tests.unit.web.portal import Portal, assignment, hand_in, people, rows
from tests.unit.web.world import SLUG, World, finish, submit


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
    assert found["new@example.org"] == ("Ḿårțà Oyelẹ́ 🎓 محمد", Role.STUDENT, "B")
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
