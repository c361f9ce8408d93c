"""Launches: who is let in, as whom and where; and everything that must be refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from grader.lms.lti import names, queries
from tests.support.lms.issuer import ASSISTANT, INSTRUCTOR, TARGET, Issuer
from tests.support.signing_keys import rsa_key
from tests.unit.web.conftest import Browser
from tests.unit.web.lti.play import OURS, Play, hidden, make_platform
from tests.unit.web.world import SLUG, World

NOW = time.time


def refused(play: Play, client: FlaskClient, reason: str, **claims: Any) -> str:
    answer = play.launch(client, **claims)
    assert answer.status_code == 403, answer.text
    assert f"<code>{reason}</code>" in answer.text
    assert play.refusals()[-1] == reason
    assert play.untouched()
    assert "grader=" not in "".join(answer.headers.getlist("Set-Cookie"))
    return answer.text


def test_a_student_gets_an_account_and_the_assignment_that_the_link_names(connected: Play, client: FlaskClient) -> None:
    answer = connected.enter(client, **{names.CUSTOM: {"assignment": SLUG}})
    assert answer.location == f"/courses/dl-2026/assignments/{SLUG}"
    assert client.get(answer.location).status_code == 200
    user = connected.links()["u-1"]
    assert (user.name, connected.role(user)) == ("Ada Lovelace", "student")
    # The next launch asks nothing.
    again = connected.launch(client, **{names.CUSTOM: {"assignment": SLUG}})
    assert (again.status_code, again.location) == (303, f"/courses/dl-2026/assignments/{SLUG}")
    assert list(connected.links()) == ["u-1"]


def test_the_platforms_role_becomes_one_of_the_course(connected: Play, app: Flask) -> None:
    wanted = {"instructor": [INSTRUCTOR], "ta": [INSTRUCTOR, ASSISTANT]}
    for role, roles in wanted.items():
        answer = connected.enter(app.test_client(), sub=f"u-{role}", **{names.ROLES: roles})
        assert connected.role(connected.links()[f"u-{role}"]) == role
        assert answer.status_code == 303


def test_whoever_has_no_role_in_the_course_is_refused_and_gets_no_account(connected: Play, client: FlaskClient) -> None:
    for roles in ([], ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"]):
        assert "no role in this course" in refused(connected, client, "role", **{names.ROLES: roles})


def test_an_instructor_who_looks_as_a_student_stays_an_instructor(connected: Play, client: FlaskClient) -> None:
    connected.enter(client, **{names.ROLES: [INSTRUCTOR]})
    connected.launch(client)
    assert connected.role(connected.links()["u-1"]) == "instructor"


def test_point_08_a_replayed_token_is_refused(connected: Play, client: FlaskClient) -> None:
    begun = connected.begin(client)
    data = {"state": begun.state, "id_token": connected.issuer.sign(connected.issuer.claims(begun.nonce))}
    client.set_cookie("kept", "1")
    cookie = client.get_cookie(next(c.key for c in client._cookies.values() if "lti" in c.key))
    assert cookie is not None
    assert client.post("/lti/launch", data=data).status_code == 200
    client.set_cookie(cookie.key, cookie.value)
    answer = client.post("/lti/launch", data=data)
    assert answer.status_code == 403
    assert "<code>replayed</code>" in answer.text
    # The same token in another login of the same browser does not fit its nonce.
    second = connected.begin(client)
    answer = client.post("/lti/launch", data={"state": second.state, "id_token": data["id_token"]})
    assert "<code>nonce</code>" in answer.text


def test_point_08_an_unsigned_token_is_refused(connected: Play, client: FlaskClient) -> None:
    begun = connected.begin(client)
    parts = ({"alg": "none", "kid": "first"}, connected.issuer.claims(begun.nonce))
    token = ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."
    answer = client.post("/lti/launch", data={"state": begun.state, "id_token": token})
    assert (answer.status_code, connected.refusals()) == (403, ["algorithm"])
    assert connected.untouched()


def test_point_08_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    connected: Play, client: FlaskClient
) -> None:
    begun = connected.begin(client)
    parts = ({"alg": "HS256", "kid": "first"}, connected.issuer.claims(begun.nonce))
    signed = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    made = hmac.new(rsa_key("first").as_pem(private=False), signed.encode(), hashlib.sha256)
    token = f"{signed}.{_base64(made.digest())}"
    answer = client.post("/lti/launch", data={"state": begun.state, "id_token": token})
    assert (answer.status_code, connected.refusals()) == (403, ["algorithm"])


UNFIT: list[tuple[str, dict[str, Any]]] = [
    ("times", {"exp": None}),
    ("times", {"iat": None}),
    ("times", {"exp": "soon"}),
    ("times", {"exp": True}),
    ("audience", {"aud": "somebody-else"}),
    ("audience", {"azp": "somebody-else"}),
    ("audience", {"aud": ["client-1", "somebody-else"]}),
    ("issuer", {"iss": "https://elsewhere.example"}),
    ("deployment", {names.DEPLOYMENT_ID: "8"}),
    ("malformed", {names.DEPLOYMENT_ID: None}),
    ("nonce", {"nonce": None}),
    ("nonce", {"nonce": "another"}),
    ("malformed", {"sub": None}),
    ("malformed", {"sub": "x" * 256}),
    ("malformed", {"sub": "a\x00b"}),
    ("malformed", {names.RESOURCE_LINK: None}),
    ("malformed", {names.CONTEXT: []}),
    ("malformed", {names.ROLES: "Instructor"}),
    ("version", {names.VERSION: "1.1"}),
    ("message-type", {names.MESSAGE_TYPE: "LtiSubmissionReviewRequest"}),
    ("target", {names.TARGET_LINK_URI: f"{TARGET}/other"}),
]


def test_point_08_a_token_that_does_not_fit_is_refused(connected: Play, client: FlaskClient) -> None:
    for reason, claims in UNFIT:
        refused(connected, client, reason, **claims)


def test_several_audiences_with_our_party_are_accepted(connected: Play, client: FlaskClient) -> None:
    assert connected.launch(client, aud=["client-1", "other"], azp="client-1").status_code == 200


def test_a_clock_that_is_ten_minutes_wrong_is_named(connected: Play, client: FlaskClient) -> None:
    for minutes, reason in ((-10, "expired"), (10, "times")):
        made = int(NOW()) + minutes * 60
        text = refused(connected, client, reason, iat=made, exp=made + 60)
        assert "the clocks of the two services differ" in text


def test_a_token_from_before_the_login_is_refused(connected: Play, client: FlaskClient) -> None:
    refused(connected, client, "times", iat=int(NOW()) - 600, exp=int(NOW()) + 3600)


def test_a_clock_that_is_a_little_wrong_is_borne(connected: Play, client: FlaskClient) -> None:
    made = int(NOW()) - 20
    assert connected.launch(client, iat=made, exp=made + 60).status_code == 200


def test_a_changed_token_is_refused(connected: Play, client: FlaskClient) -> None:
    begun = connected.begin(client)
    head, _, signature = connected.issuer.sign(connected.issuer.claims(begun.nonce)).split(".")
    forged = json.dumps(connected.issuer.claims(begun.nonce, sub="u-2")).encode()
    token = f"{head}.{_base64(forged)}.{signature}"
    client.post("/lti/launch", data={"state": begun.state, "id_token": token})
    assert connected.refusals() == ["signature"]


def test_what_is_no_token_is_refused(connected: Play, client: FlaskClient) -> None:
    begun = connected.begin(client)
    for token in ("", "x", "a.b.c", "é.é.é", "..", "." * 50_000, "eyJhbGciOiJSUzI1NiJ9.e30.AA"):
        answer = client.post("/lti/launch", data={"state": begun.state, "id_token": token})
        assert (answer.status_code, connected.refusals()[-1]) == (403, "malformed"), token
    assert connected.untouched()


def test_a_token_of_five_megabytes_is_refused_and_not_read(connected: Play, client: FlaskClient) -> None:
    begun = connected.begin(client)
    answer = client.post("/lti/launch", data={"state": begun.state, "id_token": "x" * (5 * 1024 * 1024)})
    assert answer.status_code == 413
    assert "far larger than any launch needs" in answer.text
    assert connected.untouched()


def test_another_browser_cannot_use_a_launch(connected: Play, client: FlaskClient, app: Flask) -> None:
    begun = connected.begin(client)
    data = {"state": begun.state, "id_token": connected.issuer.sign(connected.issuer.claims(begun.nonce))}
    stranger = app.test_client()
    page = stranger.post("/lti/launch", data=data)
    assert "Your launch is being checked" in page.text  # the platform's storage is asked
    for origin in ({"Origin": "https://evil.example"}, {}):
        assert "Your launch is being checked" in stranger.post(
            "/lti/launch", data=data | {"browser": "guessed"}, headers=origin
        ).text  # fmt: skip
    assert "<code>browser</code>" in stranger.post("/lti/launch", data=data | {"browser": "x"}, headers=OURS).text
    assert connected.untouched()


def test_without_cookies_the_platforms_storage_carries_the_launch(
    connected: Play, client: FlaskClient, app: Flask
) -> None:
    query = {
        "iss": connected.issuer.issuer, "login_hint": "1", "target_link_uri": TARGET, "lti_storage_target": "_parent",
    }  # fmt: skip
    page = client.get("/lti/login", query_string=query, headers={"Sec-Fetch-Dest": "iframe"})
    assert page.status_code == 200
    kept = {key: _data(page.text, key) for key in ("key", "value", "next", "origin", "storage")}
    assert (kept["origin"], kept["storage"]) == (connected.issuer.url, "yes")
    begun = dict(part.split("=", 1) for part in kept["next"].split("?", 1)[1].split("&amp;"))
    token = connected.issuer.sign(connected.issuer.claims(begun["nonce"]))
    frame = app.test_client(use_cookies=False)
    data = {"state": begun["state"], "id_token": token}
    asked = frame.post("/lti/launch", data=data, headers={"Sec-Fetch-Dest": "iframe"})
    assert _data(asked.text, "key") == kept["key"]
    browser = {"browser": kept["value"]}
    answer = frame.post("/lti/launch", data=data | browser, headers={"Sec-Fetch-Dest": "iframe"} | OURS)
    assert "Open in a new window" in answer.text
    assert hidden(answer.text, "ticket")


def test_in_a_frame_only_the_platforms_pages_may_hold_ours(connected: Play, client: FlaskClient) -> None:
    answer = connected.launch(client, headers={"Sec-Fetch-Dest": "iframe"})
    assert f"frame-ancestors 'self' {connected.issuer.url};" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert 'target="_blank"' in answer.text
    ours = client.get("/sign-in")
    assert ours.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in ours.headers["Content-Security-Policy"]


def test_a_ticket_is_good_once_and_from_our_own_page_alone(connected: Play, client: FlaskClient) -> None:
    page = connected.launch(client, headers={"Sec-Fetch-Dest": "iframe"})
    data = {"ticket": hidden(page.text, "ticket")}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert "<code>origin</code>" in client.post("/lti/go", data=data, headers=headers).text
    assert client.post("/lti/go", data=data, headers=OURS).status_code == 303
    assert "<code>ended</code>" in client.post("/lti/go", data=data, headers=OURS).text


def test_point_10_two_registrations_of_one_issuer_are_told_apart(
    connected: Play, client: FlaskClient, app: Flask, world: World, issuer: Issuer
) -> None:
    issuer.client_id = "client-2"
    second = make_platform(app, world, issuer, "Canvas of another school")
    # Without a client id nobody can tell which one is meant.
    assert "<code>ambiguous</code>" in second.login(client, client_id="").text
    # What was begun with one is not ended with a token for the other.
    begun = second.begin(client, client_id="client-1")
    token = issuer.sign(issuer.claims(begun.nonce))
    client.post("/lti/launch", data={"state": begun.state, "id_token": token})
    assert connected.refusals() == ["audience"]
    # The same `sub` of two registrations is two people.
    second.launch(app.test_client())
    issuer.client_id = "client-1"
    connected.enter(client)
    with world.backend.reading() as s:
        assert queries.user_link(s, second.registration_id, "u-1") is None


def test_point_15_the_same_email_for_two_users_is_two_accounts(connected: Play, app: Flask, world: World) -> None:
    for sub in ("u-1", "u-2"):
        connected.enter(app.test_client(), sub=sub, email="sam@example.org", name="Sam Student")
    found = connected.links()
    ids = {found["u-1"].id, found["u-2"].id, world.people["sam"].id}
    assert len(ids) == 3
    assert {user.email for user in found.values()}.isdisjoint({"sam@example.org"})


def test_an_account_with_a_password_is_connected_by_that_password_alone(
    connected: Play, client: FlaskClient, world: World
) -> None:
    page = connected.launch(client)
    client.post("/lti/go", data={"ticket": hidden(page.text, "ticket")}, headers=OURS)
    data = {"csrf_token": hidden(client.get("/lti/welcome").text, "csrf_token"), "who": "known"}
    wrong = client.post("/lti/welcome", data=data | {"email": "sam@example.org", "password": "guessed it"})
    assert wrong.status_code == 401
    assert connected.links() == {}
    right = client.post("/lti/welcome", data=data | {"email": "sam@example.org", "password": "correct horse battery"})
    assert right.status_code == 303
    assert connected.links()["u-1"].id == world.people["sam"].id


def test_whoever_is_signed_in_says_so_and_administrators_cannot(
    connected: Play, sam: Browser, admin: Browser, world: World
) -> None:
    for browser, name, sub in ((sam, "Sam Student", "u-1"), (admin, "Olga Other", "u-9")):
        page = connected.launch(browser.client, sub=sub)
        browser.client.post("/lti/go", data={"ticket": hidden(page.text, "ticket")}, headers=OURS)
        welcome = browser.client.get("/lti/welcome")
        assert ("That is me" in welcome.text) is (browser is sam)
        data = {"csrf_token": hidden(welcome.text, "csrf_token"), "who": "me"}
        answer = browser.client.post("/lti/welcome", data=data)
        assert answer.status_code == (303 if browser is sam else 409), name
    assert connected.links()["u-1"].id == world.people["sam"].id
    assert "u-9" not in connected.links()


def test_logins_that_do_not_fit_are_refused(play: Play, client: FlaskClient) -> None:
    for changes, reason in (
        ({"iss": "https://unknown.example"}, "unknown-platform"),
        ({"client_id": "unknown"}, "unknown-platform"),
        ({"login_hint": ""}, "malformed"),
        ({"target_link_uri": "https://evil.example/lti/launch"}, "target"),
        ({"target_link_uri": "http://127.0.0.1:8000.evil.example/"}, "target"),
        ({"target_link_uri": "http://127.0.0.1:8000@evil.example/"}, "target"),
    ):
        answer = play.login(client, **changes)
        assert answer.status_code == 403
        assert f"<code>{reason}</code>" in answer.text


def test_a_platform_that_is_switched_off_lets_nobody_in(connected: Play, client: FlaskClient, admin: Browser) -> None:
    begun = connected.begin(client)
    path = f"/admin/lti/{connected.registration_id}/disable"
    assert admin.client.post(path, data={"csrf_token": admin.token("/admin")}).status_code == 303
    assert "<code>unknown-platform</code>" in connected.login(client).text
    token = connected.issuer.sign(connected.issuer.claims(begun.nonce))
    assert client.post("/lti/launch", data={"state": begun.state, "id_token": token}).status_code == 403
    assert connected.untouched()


def test_a_course_that_nobody_connected_says_so_to_students(play: Play, client: FlaskClient) -> None:
    answer = play.enter(client)
    assert answer.status_code == 403
    assert "Your course is not connected yet" in answer.text


def test_an_instructor_makes_a_course_and_connects_it(play: Play, client: FlaskClient) -> None:
    answer = play.enter(client, **{names.ROLES: [INSTRUCTOR]})
    assert answer.location == "/lti/connect"
    data = {"csrf_token": hidden(client.get("/lti/connect").text, "csrf_token"), "title": "Tiefes Lernen – Übung"}
    made = client.post("/lti/connect", data=data)
    assert made.location == "/courses/tiefes-lernen-ubung/lti"
    page = client.get(made.location).text
    assert "Deep Learning in Moodle" in page
    # Whoever comes next is in that course.
    second = play.app.test_client()
    assert play.enter(second, sub="u-2").status_code == 303
    assert client.post("/lti/connect", data=data).status_code == 409  # it is connected


def test_a_student_connects_nothing(play: Play, client: FlaskClient) -> None:
    play.enter(client)
    assert "Only an instructor" in client.get("/lti/connect").text
    token = client.get("/").text
    data = {"csrf_token": hidden(token, "csrf_token"), "title": "Mine"}
    assert client.post("/lti/connect", data=data).status_code == 409


def test_an_instructor_connects_only_courses_of_their_own(play: Play, client: FlaskClient, world: World) -> None:
    play.enter(client, **{names.ROLES: [INSTRUCTOR]})
    token = hidden(client.get("/lti/connect").text, "csrf_token")
    answer = client.post("/lti/connect", data={"csrf_token": token, "course": world.course.slug})
    assert answer.status_code == 409
    assert "Choose a course in which you are an instructor." in answer.text


def test_names_in_any_script_are_kept_and_shown_harmlessly(connected: Play, app: Flask) -> None:
    names_told = ("Ünlü Çelik", "李小龙", "\u202eevil", "A\x00B", "<script>alert(1)</script>", "x" * 5000)
    for number, name in enumerate(names_told):
        client = app.test_client()
        assert connected.enter(client, name=name, sub=f"n-{number}").status_code == 303
        assert len(connected.links()[f"n-{number}"].name) <= 200
        assert "<script>alert" not in client.get("/").text
    assert {user.name for user in connected.links().values()} >= {"Ünlü Çelik", "李小龙", "evil", "AB"}


def test_nothing_of_a_refused_message_is_logged(
    connected: Play, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        begun = connected.begin(client)
        token = connected.issuer.sign(connected.issuer.claims(begun.nonce, aud="other"))
        client.post("/lti/launch", data={"state": begun.state, "id_token": token})
    for secret in (token, begun.state, begun.nonce):
        assert secret not in caplog.text


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _data(html: str, key: str) -> str:
    found = re.search(rf'data-{key}="([^"]*)"', html)
    assert found, html
    return found.group(1)
