"""Access tokens: one for each registration, refreshed once, and never sent where they do not belong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

from grader.lms.http.addresses import Rules
from grader.lms.http.client import Client
from grader.lms.lti.names import MEMBERSHIP_SCOPE, SCORE_SCOPE
from grader.lms.lti.services import Services
from grader.lms.lti.tokens import Platform, Tokens
from tests.support.lms.issuer import Issuer, issuing
from tests.support.signing_keys import rsa_key

HERE = Rules.of("127.0.0.0/8")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class OwnKey:
    """Signs as the service does, with a key of these tests."""

    signed: list[dict[str, Any]] = field(default_factory=list)

    def sign(self, claims: dict[str, Any]) -> str:
        self.signed.append(claims)
        return jwt.encode({"alg": "RS256", "kid": "ours"}, claims, rsa_key("ours"))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


def platform(issuer: Issuer, registration_id: str = "r-1", client_id: str = "client-1") -> Platform:
    return Platform(registration_id, issuer.url, client_id, f"{issuer.url}/token", f"{issuer.url}/token", "")


def services(clock: Clock | None = None, rules: Rules = HERE) -> Services:
    client = Client(rules, timeout_s=120)
    signer: Any = OwnKey()
    return Services(client, Tokens(client, signer, monotonic=clock or time.monotonic))


def call(found: Services, issuer: Issuer, who: Platform | None = None) -> int | None:
    url = f"{issuer.url}/members"
    return found.call(who or platform(issuer), "GET", url, scopes=(MEMBERSHIP_SCOPE,)).status


def test_a_token_is_asked_for_with_a_signed_assertion(issuer: Issuer) -> None:
    assert call(services(), issuer) == 200
    form = {k: v[0] for k, v in parse_qs(issuer.got[0][3].decode()).items()}
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == MEMBERSHIP_SCOPE
    claims = jwt.decode(form["client_assertion"], rsa_key("ours"), algorithms=["RS256"]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client-1", "client-1", f"{issuer.url}/token")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["jti"]


def test_a_token_is_kept_until_shortly_before_its_end(issuer: Issuer) -> None:
    clock = Clock()
    found = services(clock)
    for moment in (0.0, 10.0, 3539.0):
        clock.now = 1000.0 + moment
        assert call(found, issuer) == 200
    assert len(issuer.tokens) == 1
    clock.now = 1000.0 + 3541.0
    assert call(found, issuer) == 200
    assert len(issuer.tokens) == 2


def test_point_10_registrations_of_one_issuer_never_share_a_token(issuer: Issuer) -> None:
    found = services()
    first, second = platform(issuer), platform(issuer, "r-2", "client-2")
    kept = found.tokens.get(first, (SCORE_SCOPE,))
    assert found.tokens.get(second, (SCORE_SCOPE,)) != kept
    assert found.tokens.get(first, (SCORE_SCOPE,)) == kept
    assert found.tokens.get(first, (MEMBERSHIP_SCOPE,)) != kept  # nor do scopes
    clients = [parse_qs(body.decode())["client_assertion"][0] for _, _, _, body in issuer.got]
    named = [jwt.decode(c, rsa_key("ours"), algorithms=["RS256"]).claims["iss"] for c in clients]
    assert named == ["client-1", "client-2", "client-1"]


def test_point_11_a_token_that_ended_is_refreshed_once_and_the_call_repeated(issuer: Issuer) -> None:
    found = services()
    assert call(found, issuer) == 200
    issuer.tokens.append("ended-without-notice")
    assert call(found, issuer) == 200
    assert issuer.count("/members") == 3


def test_point_11_a_platform_that_refuses_every_token_is_asked_twice_and_no_more(issuer: Issuer) -> None:
    issuer.answers["/members"] = lambda: (401, {}, b"")
    assert call(services(), issuer) == 401
    assert (issuer.count("/members"), issuer.count("/token")) == (2, 2)


def test_open_edx_says_403_of_a_token_that_ended_and_the_call_is_repeated_with_a_new_one(issuer: Issuer) -> None:
    clock, statuses = Clock(), [200, 403, 200, 403, 403]
    found = services(clock)
    issuer.answers["/members"] = lambda: (statuses.pop(0), {}, b"{}")
    assert call(found, issuer) == 200
    clock.now += 600
    assert call(found, issuer) == 200
    assert issuer.count("/token") == 2
    assert call(found, issuer) == 403  # of a new token it means what it says
    clock.now += 600
    assert call(found, issuer, replace(platform(issuer), family="moodle")) == 403
    assert issuer.count("/token") == 2


def test_a_platform_that_gives_no_token_is_told_of_without_its_text(issuer: Issuer) -> None:
    for reply, told in (
        ((400, {}, b'{"error": "invalid_client", "error_description": "secret"}'), "status 400 (invalid_client)"),
        ((500, {}, b"<html>secret</html>"), "status 500"),
        ((200, {}, b'{"access_token": 5}'), "no access token"),
        ((200, {}, json.dumps({"access_token": "a\r\nX-Evil: 1"}).encode()), "no access token"),
        ((200, {}, b'{"access_token": "a", "expires_in": "soon"}'), "no access token"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "status 302"),
    ):
        issuer.answers["/token"] = lambda reply=reply: reply  # type: ignore[misc]
        reply_to_us = services().call(platform(issuer), "GET", f"{issuer.url}/members", scopes=(SCORE_SCOPE,))
        assert reply_to_us.status is None
        assert told in reply_to_us.problem
        assert "secret" not in reply_to_us.problem
    assert issuer.count("/members") == 0


def test_point_06_hostile_token_and_service_addresses_are_never_reached(issuer: Issuer) -> None:
    nowhere = services(rules=Rules())  # this machine is not admitted
    assert call(nowhere, issuer) is None
    hostile = replace(platform(issuer), token_url="http://169.254.169.254/token")
    assert call(services(), issuer, hostile) is None
    url = "http://169.254.169.254/scores"
    reply = services().call(platform(issuer), "POST", url, scopes=(SCORE_SCOPE,), body=b"{}")
    assert "not a public address" in reply.problem
    assert issuer.count("/members") == 0


def test_a_token_does_not_show_in_what_is_printed(issuer: Issuer) -> None:
    found = services()
    call(found, issuer)
    assert issuer.tokens[-1] not in repr(found)
