"""Administrators and platforms: registration, keys of both sides, deployments."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from grader.db.models import LtiKey, LtiRegistration
from grader.lms.lti import keys, names
from grader.time import utc_now
from tests.support.lms.issuer import Issuer
from tests.unit.web.conftest import Browser
from tests.unit.web.lti.play import Play, hidden
from tests.unit.web.world import ADMIN, World

HOSTILE = ("http://169.254.169.254/latest", "http://2852039166/x", "http://[::ffff:10.0.0.1]/x", "http://10.0.0.7/x",
           "file:///etc/passwd", "ftp://example.org/x", "https://user:pass@example.org/x")  # fmt: skip


def test_a_platform_registers_itself_once(world: World, app: Flask, issuer: Issuer, admin: Browser) -> None:
    address = _invite(admin)
    client = app.test_client()
    query = {"openid_configuration": f"{issuer.url}/config", "registration_token": "once-only"}
    page = client.get(address, query_string=query)
    assert issuer.got == []  # opening the address does nothing
    assert f"frame-ancestors 'self' {issuer.url};" in page.headers["Content-Security-Policy"]
    done = client.post(address, data=query)
    assert "know each other now" in done.text
    with world.backend.reading() as s:
        row = s.scalars(select(LtiRegistration)).one()
        assert [d.deployment_id for d in row.deployments] == ["7"]
    assert (row.issuer, row.client_id, row.family) == (issuer.url, "given-1", "moodle")
    assert (row.token_url, row.jwks_url) == (f"{issuer.url}/token", f"{issuer.url}/jwks")
    [(headers, body)] = [(h, json.loads(b)) for m, p, h, b in issuer.got if m == "POST"]
    assert headers["Authorization"] == "Bearer once-only"
    assert body["redirect_uris"] == ["http://127.0.0.1:8000/lti/launch"]
    assert {m["type"] for m in body[names.TOOL_CONFIGURATION]["messages"]} >= {names.DEEP_LINKING_REQUEST}
    # Good once.
    assert client.get(address, query_string=query).status_code == 410
    assert client.post(address, data=query).status_code == 410


def test_point_06_hostile_addresses_of_a_platform_are_never_reached(
    world: World, app: Flask, issuer: Issuer, admin: Browser
) -> None:
    address, client = _invite(admin), app.test_client()
    for url in HOSTILE:
        answer = client.post(address, data={"openid_configuration": url})
        assert answer.status_code == 422, url
    good = {
        "issuer": issuer.url, "authorization_endpoint": f"{issuer.url}/auth", "token_endpoint": f"{issuer.url}/token",
        "jwks_uri": f"{issuer.url}/jwks", "registration_endpoint": f"{issuer.url}/register",
    }  # fmt: skip
    for key in ("token_endpoint", "jwks_uri", "registration_endpoint"):
        for url in HOSTILE:
            bad = json.dumps(good | {key: url}).encode()
            issuer.answers["/config"] = lambda bad=bad: (200, {}, bad)  # type: ignore[misc]
            answer = client.post(address, data={"openid_configuration": f"{issuer.url}/config"})
            assert answer.status_code == 422, (key, url)
    assert issuer.count("/register") == 0
    with world.backend.reading() as s:
        assert s.scalar(select(LtiRegistration)) is None
    # What failed can be tried again.
    del issuer.answers["/config"]
    assert client.post(address, data={"openid_configuration": f"{issuer.url}/config"}).status_code == 200


def test_a_client_id_that_no_database_keeps_is_refused(
    world: World, app: Flask, issuer: Issuer, admin: Browser
) -> None:
    address, client = _invite(admin), app.test_client()
    for client_id in ("x" * 256, "a\x00b"):
        given = json.dumps({"client_id": client_id}).encode()
        issuer.answers["/register"] = lambda given=given: (201, {}, given)  # type: ignore[misc]
        answer = client.post(address, data={"openid_configuration": f"{issuer.url}/config"})
        assert answer.status_code == 422
        assert "The client id" in answer.text
    with world.backend.reading() as s:
        assert s.scalar(select(LtiRegistration)) is None


def test_a_configuration_that_is_none_is_named(app: Flask, issuer: Issuer, admin: Browser) -> None:
    address, client = _invite(admin), app.test_client()
    elsewhere = json.dumps({"issuer": "https://moodle.example", "authorization_endpoint": "https://moodle.example/a",
                            "token_endpoint": "https://moodle.example/t", "jwks_uri": "https://moodle.example/j",
                            "registration_endpoint": "https://moodle.example/r"}).encode()  # fmt: skip
    for reply, told in (
        ((404, {}, b""), "status 404"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "status 302"),
        ((200, {}, b"<html>"), "no JSON object"),
        ((200, {}, b"{}"), "lacks 'issuer'"),
        ((200, {}, b"x" * (3 * 1024 * 1024)), "too long"),
        ((200, {}, elsewhere), "Register this platform by hand"),
    ):
        issuer.answers["/config"] = lambda reply=reply: reply  # type: ignore[misc]
        answer = client.post(address, data={"openid_configuration": f"{issuer.url}/config"})
        assert told in html.unescape(answer.text)


def test_a_platform_is_registered_by_hand_changed_and_listed(issuer: Issuer, admin: Browser) -> None:
    form = {
        "name": "Canvas", "issuer": "https://canvas.instructure.com", "client_id": "10000000000001",
        "auth_url": f"{issuer.url}/auth", "token_url": f"{issuer.url}/token", "jwks_url": f"{issuer.url}/jwks",
        "deployment": "1:abc", "frame_origins": "https://school.instructure.com/x",
    }  # fmt: skip
    token = admin.token("/admin/lti")
    made = admin.client.post("/admin/lti", data=form | {"csrf_token": token})
    assert made.status_code == 303
    page = admin.client.get(made.location).text
    assert "1:abc" in page
    assert "https://school.instructure.com\n" in page or ">https://school.instructure.com<" in page
    assert admin.client.post("/admin/lti", data=form | {"csrf_token": token}).status_code == 409
    for field, value in (("jwks_url", "http://10.0.0.7/"), ("name", ""), ("client_id", ""), ("auth_url", "nothing")):
        answer = admin.client.post("/admin/lti", data=form | {"csrf_token": token, "client_id": "x", field: value})
        assert answer.status_code == 422, field
    changed = admin.client.post(made.location, data=form | {"csrf_token": token, "name": "Canvas of the faculty"})
    assert changed.status_code == 303
    assert "Canvas of the faculty" in admin.client.get("/admin/lti").text
    admitted = admin.client.post(f"{made.location}/deployments", data={"csrf_token": token, "deployment": "2:def"})
    assert admitted.status_code == 303
    assert "2:def" in admin.client.get(made.location).text


def test_a_refused_deployment_is_listed_and_can_be_admitted(
    connected: Play, client: FlaskClient, admin: Browser
) -> None:
    connected.launch(client, **{names.DEPLOYMENT_ID: "8"})
    path = f"/admin/lti/{connected.registration_id}"
    page = admin.client.get(path).text
    assert "The deployment &#39;8&#39; of this platform was not admitted" in page
    admin.client.post(f"{path}/deployments", data={"csrf_token": hidden(page, "csrf_token"), "deployment": "8"})
    assert connected.launch(client, **{names.DEPLOYMENT_ID: "8"}).status_code == 200


def test_point_09_an_unknown_key_is_fetched_once_a_minute(connected: Play, client: FlaskClient) -> None:
    issuer = connected.issuer
    issuer.kid = "second"
    _age(connected, minutes=-60)  # just now, however slow this machine is
    assert "<code>unknown-key</code>" in connected.launch(client).text
    assert issuer.count("/jwks") == 0
    _age(connected, minutes=2)
    before = connected.registration().jwks_fetched_at
    assert "<code>unknown-key</code>" in connected.launch(client).text  # asked for, and not published
    after = connected.registration().jwks_fetched_at
    assert before is not None
    assert after is not None
    assert after - before >= timedelta(minutes=2)
    _age(connected, minutes=-60)
    assert "<code>unknown-key</code>" in connected.launch(client).text
    assert issuer.count("/jwks") == 1
    issuer.published = ["first", "second"]
    _age(connected, minutes=2)
    assert connected.launch(client).status_code == 200
    assert issuer.count("/jwks") == 2


def test_point_09_a_platform_that_changed_its_keys_gets_in_and_the_old_key_ends(
    connected: Play, client: FlaskClient
) -> None:
    issuer = connected.issuer
    issuer.published, issuer.kid = ["second"], "second"
    _age(connected, minutes=2)
    assert connected.launch(client).status_code == 200
    issuer.kid = "first"
    assert "<code>unknown-key</code>" in connected.launch(client).text


def test_keys_that_are_none_are_refused(connected: Play, client: FlaskClient) -> None:
    for reply in ((500, {}, b""), (200, {}, b"[]"), (200, {}, b'{"keys": 5}'), (200, {}, b"x" * 400_000)):
        connected.issuer.answers["/jwks"] = lambda reply=reply: reply  # type: ignore[misc]
        connected.issuer.kid = "second"
        _age(connected, minutes=2)
        assert "<code>keys-unreachable</code>" in connected.launch(client).text
    connected.issuer.kid = "first"  # what was fetched before stays good
    assert connected.launch(client).status_code == 200


def test_our_keys_change_without_a_gap(world: World, app: Flask, admin: Browser) -> None:
    client = app.test_client()
    sealer, now = world.backend.lti.sealer, utc_now()
    first = _kids(client)
    assert len(first) == 1
    assert set(client.get("/lti/keys").get_json()["keys"][0]) == {"kty", "n", "e", "kid", "use", "alg"}
    with world.backend.reading() as s:
        assert '"d"' not in s.scalars(select(LtiKey)).one().private_key  # sealed
    assert admin.client.post("/admin/lti/keys", data={"csrf_token": admin.token("/admin")}).status_code == 303
    assert len(_kids(client)) == 2

    def signing(hours: float) -> str:
        with world.backend.writing() as s:
            return keys.signing_key(s, sealer, now + timedelta(hours=hours)).id

    assert signing(0.1) == first[0]  # published first
    assert signing(2) != first[0]
    with world.backend.writing() as s:
        known = {key["kid"] for key in keys.public_set(s, sealer, now + timedelta(days=6))["keys"]}
        assert first[0] in known
        known = {key["kid"] for key in keys.public_set(s, sealer, now + timedelta(days=9))["keys"]}
        assert first[0] not in known
        old = keys.signing_key(s, sealer, now + timedelta(days=9)).id
        made = keys.rotate(s, sealer, leaked=True, by=ADMIN, now=now + timedelta(days=10))
        assert [key["kid"] for key in keys.public_set(s, sealer, now + timedelta(days=10))["keys"]] == [made.id]
        assert keys.signing_key(s, sealer, now + timedelta(days=10)).id == made.id != old


def _invite(admin: Browser) -> str:
    page = admin.client.post("/admin/lti/invite", data={"csrf_token": admin.token("/admin/lti"), "name": "Moodle"})
    found = next(line for line in page.text.splitlines() if "/lti/register/" in line)
    address = urlsplit(found.split(">", 1)[1].split("<", 1)[0]).path
    assert address not in admin.client.get("/admin/lti").text  # shown once
    return address


def _age(play: Play, *, minutes: int) -> None:
    with play.world.backend.writing() as s:
        row = s.get_one(LtiRegistration, play.registration_id)
        row.jwks_fetched_at = utc_now() - timedelta(minutes=minutes)


def _kids(client: FlaskClient) -> list[str]:
    return [key["kid"] for key in client.get("/lti/keys").get_json()["keys"]]
