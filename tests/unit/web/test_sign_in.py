"""Signing in and out."""

from __future__ import annotations

import pytest
from flask import Flask

from grader.accounts import service as accounts
from grader.db.models import User
from grader.web.app import create_app
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, PASSWORD, World, make_settings


def test_wrong_password_and_unknown_address_look_the_same(browser: Browser) -> None:
    texts = []
    for email in ("sam@example.org", "nobody@example.org"):
        data = {"email": email, "password": "wrong password", "csrf_token": browser.token("/sign-in")}
        answer = browser.client.post("/sign-in", data=data)
        assert answer.status_code == 401
        assert f'value="{email}"' in answer.text
        texts.append("do not belong together" in answer.text)
    assert texts == [True, True]


def test_empty_fields_are_named(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data={"csrf_token": browser.token("/sign-in")})
    assert answer.status_code == 422
    assert "Type your e-mail address." in answer.text


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/submissions/1?x=2", "/submissions/1?x=2"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_sign_in_leads_to_pages_of_this_service_only(browser: Browser, wanted: str, reached: str) -> None:
    data = {
        "email": "sam@example.org",
        "password": PASSWORD,
        "csrf_token": browser.token("/sign-in"),
        "next": wanted,
    }
    assert browser.client.post("/sign-in", data=data).location == reached


def test_signing_out_ends_the_session(sam: Browser) -> None:
    sam.client.post("/sign-out", data={"csrf_token": sam.token("/")})
    assert sam.client.get("/").status_code == 302


def test_a_new_password_ends_older_sessions(sam: Browser, world: World) -> None:
    with world.backend.writing() as s:
        user = s.get_one(User, world.people["sam"].id)
        accounts.set_password(s, user=user, password="another good password", by=ADMIN)
    assert sam.client.get("/").status_code == 302


def test_a_deactivated_account_is_out_at_once(sam: Browser, world: World) -> None:
    with world.backend.writing() as s:
        accounts.set_active(s, user=s.get_one(User, world.people["sam"].id), active=False, by=ADMIN)
    assert sam.client.get("/").status_code == 302


def test_guessing_one_accounts_password_is_slowed_down(browser: Browser) -> None:
    token = browser.token("/sign-in")
    data = {"email": "sam@example.org", "password": "wrong password", "csrf_token": token}
    statuses = [browser.client.post("/sign-in", data=data).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    other = browser.client.post("/sign-in", data={**data, "email": "sue@example.org", "password": PASSWORD})
    assert other.status_code == 302


def test_cookies_are_kept_from_scripts_and_other_sites(browser: Browser, app: Flask) -> None:
    browser.sign_in("sam")
    cookie = browser.client.get_cookie("grader")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_cookies_are_secure_where_the_service_is_reached_by_https(world: World) -> None:
    app = create_app(make_settings(world.settings.home, public_url="https://grade.example.org"))
    answer = app.test_client().get("/sign-in", base_url="https://grade.example.org")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Set-Cookie"].startswith("__Host-grader=")
    assert "max-age" in answer.headers["Strict-Transport-Security"]
