"""Tokens that people make for their programs."""

from __future__ import annotations

import re

from flask import Flask

from tests.unit.web.conftest import Browser, as_user
from tests.unit.web.world import World

PAGE = "/account/tokens"


def make(browser: Browser, *scopes: str, days: str = "30") -> str:
    data = {"csrf_token": browser.token(PAGE), "label": "my laptop", "scopes": list(scopes), "days": days}
    return browser.client.post(PAGE, data=data).text


def test_a_token_is_shown_once_does_what_was_ticked_and_ends(app: Flask, sam: Browser) -> None:
    secret = re.search(r'value="(grd_[^"]+)"', make(sam, "read"))
    assert secret
    page = sam.client.get(PAGE).text
    assert secret[1] not in page
    assert "my laptop" in page
    headers, program = {"Authorization": f"Bearer {secret[1]}"}, app.test_client()
    assert program.get("/api/v1/me", headers=headers).get_json()["scopes"] == ["read"]
    ending = re.search(r'action="(/account/tokens/[^"]+/end)">.{0,300}my laptop', page, re.DOTALL)
    assert ending
    assert as_user(app, "sue").client.get(PAGE).text.count("my laptop") == 0
    sue = as_user(app, "sue")
    assert sue.client.post(ending[1], data={"csrf_token": sue.token(PAGE)}).status_code == 404
    assert sam.client.post(ending[1], data={"csrf_token": sam.token(PAGE)}).status_code == 303
    assert program.get("/api/v1/me", headers=headers).status_code == 401


def test_what_makes_no_sense_is_refused_and_stays_typed(sam: Browser) -> None:
    assert "A token&#39;s scopes are among" in make(sam)
    assert "Choose how long" in make(sam, "read", days="99999")
    assert "my laptop" in make(sam, "king")


def test_whoever_sees_the_course_as_a_student_sees_no_tokens(world: World, ida: Browser) -> None:
    people = ida.client.get("/courses/dl-2026/people").text
    begin = re.search(r'action="(/courses/dl-2026/view-as/[^"]+)"[^>]*>.{0,250}Sam Student', people, re.DOTALL)
    assert begin
    token = ida.token("/courses/dl-2026/people")
    assert ida.client.post(begin[1], data={"csrf_token": token}).status_code == 303
    assert ida.client.get(PAGE).status_code == 403
    assert "Tokens for programs" not in ida.client.get("/").text
