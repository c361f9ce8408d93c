"""Dates at the ends of the calendar exist in one time zone and not in another: nobody can set them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from grader.db.models import Assignment
from tests.unit.web.conftest import Browser
from tests.unit.web.test_api_beside_pages import Program
from tests.unit.web.test_grading_pages import PAGE, rules
from tests.unit.web.world import SLUG, World

NEVER = "9999-12-31T23:59:59Z"
OUTSIDE = (NEVER, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1999-12-31T23:59:59Z")
SENTENCE = "a time between the years 2000 and 2199 is needed"


def test_programs_are_told_what_is_wrong(app: Flask, world: World) -> None:
    instructor = Program(app, world, "ida")
    rules_at, extensions = (f"/assignments/{SLUG}/{name}?course=dl-2026" for name in ("policy", "extensions"))
    extension = {"student": "sam@example.org", "reason": "ill"}
    for when in OUTSIDE:
        for path, body in ((rules_at, {"revision": 0}), (extensions, extension)):
            status, answer = instructor.call("PUT", path, {**body, "due_at": when})
            assert status == 422, answer
            assert SENTENCE in answer["detail"]
    assert instructor.call("GET", rules_at)[1]["revision"] == 0


def test_the_audit_log_has_nothing_from_there(app: Flask, world: World, admin: Browser) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['olga']}"}
    for when in (*OUTSIDE, "0001-01-01"):
        for end in ("since", "until"):
            answer = client.get("/api/v1/admin/audit", query_string={end: when}, headers=headers)
            assert answer.status_code == 422, answer.text
            assert SENTENCE in answer.json["detail"]  # type: ignore[index]
    assert client.get("/api/v1/admin/audit?since=2026-01-01", headers=headers).status_code == 200


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_form_names_the_field_and_keeps_what_was_typed(ida: Browser, sam: Browser, zone: str) -> None:
    for browser in (ida, sam):
        browser.client.set_cookie("zone", zone)
    extension = {"csrf_token": ida.token(f"{PAGE}/policy"), "students": "sam@example.org", "reason": "ill"}
    for when in ("9999-12-31T23:59", "0001-01-01T00:00"):
        answer = ida.client.post(f"{PAGE}/policy", data=rules(ida, due_at=when))
        assert answer.status_code == 422
        assert "Due: type a date and a time between the years 2000 and 2199" in answer.text
        assert f'value="{when}"' in answer.text
        refused = ida.client.post(f"{PAGE}/policy/extensions", data=extension | {"due_at": when})
        assert refused.status_code == 422
        assert "type one between the years 2000 and 2199" in refused.text


def test_a_date_of_a_package_from_there_is_shown_to_everybody(world: World, ida: Browser, sam: Browser) -> None:
    with world.backend.writing() as s:
        s.get_one(Assignment, world.assignment.id).due_at = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    for browser, address in ((sam, "/"), (sam, PAGE), (ida, PAGE), (ida, f"{PAGE}/policy")):
        browser.client.set_cookie("zone", "Pacific/Kiritimati")
        assert browser.client.get(address).status_code == 200, address
    assert "31 Dec 9999, 23:59 UTC" in sam.client.get(PAGE).text
