"""Deep linking and rosters, as a platform sees them."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from grader.db.models import OutboxMessage
from grader.lms.lti import names
from tests.support.lms.issuer import ASSISTANT, INSTRUCTOR, LEARNER
from tests.unit.web.conftest import Browser
from tests.unit.web.lti.play import OURS, Play, hidden
from tests.unit.web.world import SLUG

RETURN = "https://moodle.example/mod/lti/contentitem_return.php?course=2&id=3"
ASKING: dict[str, Any] = {
    names.MESSAGE_TYPE: names.DEEP_LINKING_REQUEST,
    names.ROLES: [INSTRUCTOR],
    names.RESOURCE_LINK: None,
    names.DEEP_LINKING_SETTINGS: {"deep_link_return_url": RETURN, "data": "opaque-5"},
}


def test_an_assignment_is_chosen_and_goes_back_signed(connected: Play, client: FlaskClient) -> None:
    page = connected.launch(client, headers={"Sec-Fetch-Dest": "iframe"}, **ASKING)
    assert "Choose an assignment" in page.text
    data = {"ticket": hidden(page.text, "ticket"), "assignment": SLUG}
    answer = client.post("/lti/choose/answer", data=data, headers=OURS)
    assert html.unescape(_action(answer.text)) == RETURN
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https://moodle.example;" in policy
    keys = KeySet.import_key_set(client.get("/lti/keys").get_json())
    claims = jwt.decode(hidden(answer.text, "JWT"), keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == ("client-1", [connected.issuer.issuer])
    assert claims[names.DEPLOYMENT_ID] == "7"
    assert claims[names.MESSAGE_TYPE] == "LtiDeepLinkingResponse"
    assert claims[names.DEEP_LINKING_DATA] == "opaque-5"
    [item] = claims[names.CONTENT_ITEMS]
    assert item["type"] == "ltiResourceLink"
    assert item["custom"] == {"assignment": SLUG}
    assert item["lineItem"]["resourceId"] == connected.world.assignment.id
    assert item["lineItem"]["scoreMaximum"] > 0
    # The ticket is used up.
    assert "used already" in client.post("/lti/choose/answer", data=data, headers=OURS).text


def test_only_staff_choose_and_only_from_their_course(connected: Play, client: FlaskClient) -> None:
    student = connected.launch(client, **ASKING | {names.ROLES: [LEARNER]})
    assert "<code>role</code>" in student.text
    page = connected.launch(client, **ASKING)
    data = {"ticket": hidden(page.text, "ticket"), "assignment": "of-another-course"}
    assert client.post("/lti/choose/answer", data=data, headers=OURS).status_code == 422
    assert (
        client.post("/lti/choose/answer", data={"ticket": "forged", "assignment": SLUG}, headers=OURS).status_code
        == 403
    )


def test_another_site_sends_no_choice(connected: Play, client: FlaskClient) -> None:
    page = connected.launch(client, **ASKING)
    data = {"ticket": hidden(page.text, "ticket"), "assignment": SLUG}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = client.post("/lti/choose/answer", data=data, headers=headers)
        assert answer.status_code == 403
        assert "<code>origin</code>" in answer.text
    assert client.post("/lti/choose/answer", data=data, headers=OURS).status_code == 200


def test_who_takes_no_links_is_offered_none(connected: Play, client: FlaskClient) -> None:
    def settings(*accepted: str) -> dict[str, Any]:
        return {names.DEEP_LINKING_SETTINGS: {"deep_link_return_url": RETURN, "accept_types": list(accepted)}}

    answer = connected.launch(client, **ASKING | settings("file", "html"))
    assert (answer.status_code, "<code>accept-types</code>" in answer.text) == (403, True)
    assert "Choose an assignment" in connected.launch(client, **ASKING | settings("link", "ltiResourceLink")).text


def test_an_answer_goes_to_no_address_that_is_none(connected: Play, client: FlaskClient) -> None:
    for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b/", ""):
        settings = {"deep_link_return_url": url}
        page = connected.launch(client, **ASKING | {names.DEEP_LINKING_SETTINGS: settings})
        assert "JWT" not in page.text
        assert page.status_code in (403, 422), url


def test_a_course_is_connected_on_the_way(play: Play, client: FlaskClient) -> None:
    page = play.launch(client, headers={"Sec-Fetch-Dest": "iframe"}, **ASKING)
    ticket = hidden(page.text, "ticket")
    assert "is not connected with a course" in page.text
    assert client.post("/lti/go", data={"ticket": ticket}, headers=OURS).location == "/lti/welcome"
    token = hidden(client.get("/lti/welcome").text, "csrf_token")
    assert client.post("/lti/welcome", data={"csrf_token": token, "who": "new"}).location == "/lti/connect"
    token = hidden(client.get("/lti/connect").text, "csrf_token")
    assert client.post("/lti/connect", data={"csrf_token": token, "title": "New"}).status_code == 303
    again = client.post("/lti/choose", data={"ticket": ticket})
    assert "has no assignment yet" in again.text


def member(sub: str, *roles: str, **more: Any) -> dict[str, Any]:
    return {"user_id": sub, "roles": list(roles), "status": "Active", "name": f"Person {sub}", **more}


def test_the_roster_is_pulled_page_by_page(connected: Play, ida: Browser) -> None:
    connected.issuer.page_rows = 2
    connected.issuer.members = [
        member("s-1", LEARNER, email="sam@example.org"),
        member("s-2", "Learner", name="Zoë 李"),
        member("t-1", INSTRUCTOR, ASSISTANT),
        member("left", LEARNER, status="Inactive"),
        member("guest", "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"),
    ]
    page = _pull(connected, ida)
    assert "The roster is here: 3 new, 0 changed, 0 as they were." in page
    found = connected.links()
    assert {sub: connected.role(user) for sub, user in found.items()} == {
        "s-1": "student", "s-2": "student", "t-1": "ta",
    }  # fmt: skip
    assert found["s-1"].id != connected.world.people["sam"].id
    assert found["s-2"].name == "Zoë 李"
    with connected.world.backend.reading() as s:
        [event] = s.scalars(select(OutboxMessage).where(OutboxMessage.kind == "roster.synced"))
    assert event.payload["changed"] == 3
    # Somebody who left is told of, and stays.
    connected.issuer.members = [member("s-1", LEARNER, status="Deleted"), member("s-2", ASSISTANT)]
    assert "0 new, 1 changed, 0 as they were. 1 left the course there; here they stay" in _pull(connected, ida)
    assert connected.role(connected.links()["s-1"]) == "student"
    assert connected.role(connected.links()["s-2"]) == "ta"


def test_a_roster_that_cannot_be_had_changes_nothing(connected: Play, ida: Browser) -> None:
    connected.issuer.members = [member("s-1", LEARNER)]
    body = json.dumps({"members": [member("s-1", LEARNER)]}).encode()
    for reply, told in (
        ((500, {}, b"oops"), "status 500"),
        ((200, {}, b"[1, 2]"), "is no roster"),
        ((200, {}, b'{"members": "all"}'), "is no roster"),
        ((200, {}, b"x" * (2 * 1024 * 1024)), "is no roster"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "status 302"),
        ((200, {"Link": '<https://evil.example/members>; rel="next"'}, body), "another server"),
    ):
        connected.issuer.answers["/members"] = lambda reply=reply: reply  # type: ignore[misc]
        assert told in _pull(connected, ida)
    assert connected.links() == {}


def _pull(play: Play, browser: Browser) -> str:
    page = browser.client.get("/courses/dl-2026/lti").text
    found = re.search(r'action="(/courses/dl-2026/lti/[^"]+/roster)"', page)
    assert found
    data = {"csrf_token": hidden(page, "csrf_token")}
    return html.unescape(browser.client.post(found.group(1), data=data, follow_redirects=True).text)


def _action(page: str) -> str:
    found = re.search(r'<form method="post" action="([^"]*)" data-send>', page)
    assert found, page
    return found.group(1)
