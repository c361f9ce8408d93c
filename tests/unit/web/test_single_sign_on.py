"""Single sign-on against a provider on this machine: who comes in, as whom, and everything that must be refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from grader.accounts import service as accounts
from grader.accounts.errors import SignInFailed
from grader.db.models import AuditEntry, OidcIdentity, Role, User
from grader.people import invitations
from grader.settings import Settings, SettingsError
from grader.time import utc_now
from grader.web import backend as web_backend
from grader.web import limits
from grader.web.app import create_app
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, providing
from tests.unit.web.conftest import Browser, csrf_of
from tests.unit.web.world import ADMIN, PASSWORD, World, make_settings


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def changes() -> dict[str, Any]:
    """Of the settings; overridden with parametrize."""
    return {}


@pytest.fixture
def app(world: World, provider: OidcProvider, changes: dict[str, Any]) -> Iterator[Flask]:
    given = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET} | changes
    app = create_app(make_settings(world.settings.home, oidc_name="Campus", **given))
    limits.limiter.reset()
    yield app
    with app.app_context():
        web_backend.backend().close()


def go(client: FlaskClient, provider: OidcProvider, next_page: str = "") -> TestResponse:
    out = client.get("/sign-in/provider", query_string={"next": next_page})
    assert out.status_code == 302, out.text
    return client.get(provider.sign_in(out.location))


def refused(client: FlaskClient, provider: OidcProvider, world: World, reason: str, status: int = 403) -> str:
    answer = go(client, provider)
    assert answer.status_code == status, answer.text
    assert f"<code>{reason}</code>" in answer.text
    assert client.get("/").status_code == 302  # still nobody
    with world.backend.reading() as s:
        last = s.scalars(select(AuditEntry).where(AuditEntry.action == "oidc.refused").order_by(AuditEntry.id)).all()
    assert [(entry.after or {})["reason"] for entry in last] == [reason]
    return answer.text


def identities(world: World) -> list[tuple[str, str]]:
    with world.backend.reading() as s:
        rows = s.execute(select(OidcIdentity.sub, User.email).join(User, User.id == OidcIdentity.user_id))
        return [(sub, email) for sub, email in rows]


def test_somebody_known_by_address_comes_in_and_goes_on(
    client: FlaskClient, provider: OidcProvider, world: World
) -> None:
    page = client.get("/sign-in?next=/courses").text
    assert "Sign in with Campus" in page
    assert "password" in page
    answer = go(client, provider, "/?from=link")
    assert (answer.status_code, answer.location) == (302, "/?from=link")
    assert "Sam Student" in client.get("/").text
    assert identities(world) == [("oidc-ada", "sam@example.org")]
    # From now on the address says nothing any more.
    provider.about = {"email": "somebody.else@example.org", "email_verified": False}
    assert go(client, provider).location == "/"
    assert "Sam Student" in client.get("/").text
    assert provider.asked.count("/jwks") == 1


def test_another_site_is_never_where_one_goes_on(client: FlaskClient, provider: OidcProvider) -> None:
    assert go(client, provider, "//evil.example/").location == "/"


def test_the_address_may_be_told_by_user_info_alone(client: FlaskClient, provider: OidcProvider, world: World) -> None:
    provider.in_user_info = True
    assert go(client, provider).location == "/"
    assert identities(world) == [("oidc-ada", "sam@example.org")]


def other_signature(token: str) -> str:
    head, payload, signature = token.split(".")
    return f"{head}.{payload}.{signature[::-1]}"


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("nonce", {"nonce": "of another login"}),
        ("audience", {"aud": "another-service"}),
        ("audience", {"aud": [CLIENT, "another-service"]}),
        ("issuer", {"iss": "https://evil.example"}),
        ("expired", {"exp": int(time.time()) - 3600, "iat": int(time.time())}),
        ("times", {"iat": int(time.time()) - 3600}),
        ("malformed", {"sub": None}),
        ("unverified-email", {"email_verified": False}),
        ("unverified-email", {"email_verified": "true"}),
        ("unverified-email", {"email": ""}),
        ("no-account", {"email": "stranger@example.org"}),
    ],
)
def test_a_message_that_does_not_fit_lets_nobody_in(
    client: FlaskClient, provider: OidcProvider, world: World, reason: str, wrong: dict[str, Any]
) -> None:
    provider.changes = wrong
    refused(client, provider, world, reason)
    assert identities(world) == []


def test_a_changed_message_or_an_unknown_key_lets_nobody_in(
    client: FlaskClient, provider: OidcProvider, world: World
) -> None:
    provider.tamper = other_signature
    refused(client, provider, world, "signature")


def test_a_key_that_is_not_published_lets_nobody_in(client: FlaskClient, provider: OidcProvider, world: World) -> None:
    provider.kid = "second"
    refused(client, provider, world, "unknown-key")


def test_a_code_counts_once_and_in_its_own_browser_only(app: Flask, provider: OidcProvider) -> None:
    first, second = app.test_client(), app.test_client()
    out = first.get("/sign-in/provider").location
    back = provider.sign_in(out)
    assert second.get(back).status_code == 403  # no state there
    assert first.get(back).status_code == 302
    assert first.get(back).status_code == 403


def test_a_code_of_somebody_else_does_not_fit_the_verifier(app: Flask, provider: OidcProvider) -> None:
    mine, theirs = app.test_client(), app.test_client()
    stolen = provider.sign_in(theirs.get("/sign-in/provider").location).partition("code=")[2].partition("&")[0]
    own = provider.sign_in(mine.get("/sign-in/provider").location)
    code = own.partition("code=")[2].partition("&")[0]
    answer = mine.get(own.replace(code, stolen))
    assert answer.status_code == 403
    assert "<code>code</code>" in answer.text


def test_what_the_provider_says_instead_of_a_code_is_told(client: FlaskClient, provider: OidcProvider) -> None:
    out = client.get("/sign-in/provider").location
    back = provider.sign_in(out)
    state = back.partition("state=")[2].partition("&")[0]
    answer = client.get(f"/sign-in/back?error=access_denied&state={state}")
    assert answer.status_code == 403
    assert "stopped it there" in answer.text


@pytest.mark.parametrize("down", ["/.well-known/openid-configuration", "/token", "/jwks"])
def test_a_provider_that_is_down_is_named_and_passwords_still_work(
    client: FlaskClient, provider: OidcProvider, down: str
) -> None:
    provider.down.add(down)
    out = client.get("/sign-in/provider")
    answer = client.get(provider.sign_in(out.location)) if out.status_code == 302 else out
    assert answer.status_code == 502
    assert "answered with status 503" in answer.text
    token = csrf_of(client.get("/sign-in").text)
    data = {"email": "sam@example.org", "password": PASSWORD, "csrf_token": token}
    assert client.post("/sign-in", data=data).status_code == 302


@pytest.mark.parametrize("wrong", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}])
def test_a_description_that_cannot_be_trusted_is_refused(
    client: FlaskClient, provider: OidcProvider, wrong: dict[str, str]
) -> None:
    provider.description = wrong
    assert client.get("/sign-in/provider").status_code == 502


def test_a_closed_account_stays_out(client: FlaskClient, provider: OidcProvider, world: World) -> None:
    with world.backend.writing() as s:
        accounts.set_active(s, user=s.get_one(User, world.people["sam"].id), active=False, by=ADMIN)
    refused(client, provider, world, "inactive")


def test_an_administrator_is_not_taken_over_by_an_address(
    client: FlaskClient, provider: OidcProvider, world: World
) -> None:
    with world.backend.writing() as s:
        accounts.set_admin(s, user=s.get_one(User, world.people["sam"].id), admin=True, by=ADMIN)
    refused(client, provider, world, "administrator")


def test_an_address_that_was_given_to_somebody_else_does_not_bring_the_account(
    app: Flask, provider: OidcProvider, world: World
) -> None:
    go(app.test_client(), provider)
    provider.sub = "oidc-newcomer"
    refused(app.test_client(), provider, world, "other-identity")


def test_a_password_from_an_invitation_ends_where_the_person_proves_the_address(
    app: Flask, provider: OidcProvider, world: World
) -> None:
    address = provider.about["email"] = "nora@campus.example"
    with world.backend.writing() as s:
        invited = invitations.invite(
            s, course=world.course, email=address, role=Role.STUDENT, section="",
            by=world.people["ida"], now=utc_now(),
        )  # fmt: skip
        nora = invitations.register(s, token=invited.token, name="Nora", password=PASSWORD, now=utc_now())
        secret = accounts.issue_token(s, user=nora, label="kept by whoever had the link", by=ADMIN).secret
    first, person = Browser(app), app.test_client()
    data = {"csrf_token": first.token("/sign-in"), "email": address, "password": PASSWORD}
    first.client.post("/sign-in", data=data)
    assert first.client.get("/").status_code == 200
    go(person, provider)
    assert person.get("/").status_code == 200
    assert first.client.get("/").status_code == 302, "whoever chose the password is out"
    with world.backend.reading() as s, pytest.raises(SignInFailed):
        accounts.authenticate(s, email=address, password=PASSWORD)
    with world.backend.writing() as s:
        assert accounts.user_for_token(s, secret=secret) is None


@pytest.mark.parametrize("changes", [{"oidc_accounts": "create", "oidc_email_domains": "example.org, campus.example"}])
def test_newcomers_get_an_account_where_that_is_wanted(app: Flask, provider: OidcProvider, world: World) -> None:
    provider.about["email"] = "New.Comer@campus.example"
    client = app.test_client()
    assert go(client, provider).location == "/"
    assert "Ada Lovelace" in client.get("/").text
    assert identities(world) == [("oidc-ada", "new.comer@campus.example")]
    provider.sub, provider.about["email"] = "oidc-other", "eve@elsewhere.example"
    refused(app.test_client(), provider, world, "domain")


def test_whoever_signs_out_can_sign_out_there_too(client: FlaskClient, provider: OidcProvider) -> None:
    go(client, provider)
    answer = client.post("/sign-out", data={"csrf_token": csrf_of(client.get("/").text)}, follow_redirects=True)
    assert "sign out there too" in answer.text
    there = client.get("/sign-out/provider").location
    assert there.startswith(f"{provider.url}/end?client_id={CLIENT}&post_logout_redirect_uri=http")
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"oidc_issuer": "http://login.example.org", "oidc_client_id": "x"},
            "GRADER_OIDC_ISSUER: must begin with https",
        ),
        *(
            ({"oidc_issuer": issuer, "oidc_client_id": "x"}, "GRADER_OIDC_ISSUER: must be an address")
            for issuer in ("https://", "https:// login", "https://h:99999", "https://h/?x", "https://u:p@h")
        ),
        ({"oidc_issuer": "https://login.example.org"}, "GRADER_OIDC_CLIENT_ID is needed"),
        ({"oidc_email_domains": "not a domain"}, "GRADER_OIDC_EMAIL_DOMAINS"),
        ({"oidc_accounts": "anybody"}, "GRADER_OIDC_ACCOUNTS"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(tmp_path: Path, given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.load(home=tmp_path, **given)
