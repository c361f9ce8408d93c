"""Against a platform that others wrote: Open edX's own classes and views launch, verify, give tokens, take scores."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from sqlalchemy import select
from werkzeug.test import TestResponse

from grader.db.models import Enrolment, LtiContext, LtiLineItem, LtiUserLink, User
from grader.gradebook import overrides
from grader.gradebook.overrides import Decision
from grader.lms.lti import names, platforms, queries, sync_queries
from grader.lms.lti.errors import NoToken
from grader.lms.lti.keys import Signer
from grader.lms.lti.platforms import Description
from grader.lms.lti.services import Services
from grader.lms.lti.sync import Courier
from grader.lms.lti.sync_platform import LINE_ITEMS_TYPE, Gradebook
from grader.lms.lti.sync_reconciling import Auditor
from grader.lms.lti.sync_wants import hear
from grader.lms.lti.tokens import Platform, Tokens
from grader.lms.webhooks.fanout import fan_out
from grader.time import utc_now
from grader.web.backend import backend
from grader.wiring import Backend
from tests.support.lms.issuer import Issuer
from tests.support.lms.openedx_process import OpenEdx, Tool, missing, running
from tests.support.rows import refused_launches
from tests.support.signing_keys import rsa_key
from tests.unit.web.lti.play import OURS, hidden
from tests.unit.web.world import ADMIN, SLUG, World

OURSELVES = "http://127.0.0.1:8000"
COURSE = "course-v1:School+DL+2026"
TITLE = "Deep Learning in Open edX"
CLAIMS, SIGNATURE = 1, 2  # parts of a token

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no lti-consumer-xblock here: {missing()}")


@pytest.fixture(scope="module")
def openedx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenEdx]:
    with running(tmp_path_factory.mktemp("openedx")) as found:
        yield found


@dataclass
class School:
    """The platform has two tools with our addresses; we know the first alone, and its course is connected."""

    openedx: OpenEdx
    world: World
    app: Flask
    tool: Tool
    unknown: Tool
    registration_id: str

    def authorisation(self, client: FlaskClient, user: str, role: str, *, choosing: bool = False) -> str:
        """Where our login sends the browser on."""
        address = urlsplit(self.openedx.begin(self.tool, user, role, choosing=choosing))
        answer = client.get(f"{address.path}?{address.query}")
        assert answer.status_code == 302, answer.text
        assert answer.location.startswith(self.tool.oidc_callback + "?")
        return answer.location

    def launch(self, client: FlaskClient, user: str, role: str, *, choosing: bool = False) -> TestResponse:
        form = self.openedx.authorise(self.authorisation(client, user, role, choosing=choosing))
        return client.post("/lti/launch", data=form)

    def enter(self, client: FlaskClient, user: str, role: str) -> TestResponse:
        """The first launch of somebody; the answer sends the browser to where the link leads."""
        page = self.launch(client, user, role)
        assert page.status_code == 200, page.text
        answer = client.post("/lti/go", data={"ticket": hidden(page.text, "ticket")}, headers=OURS)
        assert answer.location == "/lti/welcome", answer.text
        token = hidden(client.get("/lti/welcome").text, "csrf_token")
        return client.post("/lti/welcome", data={"csrf_token": token, "who": "new"})

    def choose(self, client: FlaskClient) -> tuple[str, str]:
        """An instructor selects our assignment: the address that our answer goes to, and the answer."""
        page = self.launch(client, "u-ida", "instructor", choosing=True)
        assert "Choose an assignment" in page.text, page.text
        data = {"ticket": hidden(page.text, "ticket"), "assignment": SLUG}
        answer = client.post("/lti/choose/answer", data=data, headers=OURS).text
        found = re.search(r'<form method="post" action="([^"]*)"', answer)
        assert found, answer
        return html.unescape(found.group(1)), hidden(answer, "JWT")

    def select(self, client: FlaskClient) -> None:
        url, token = self.choose(client)
        answer = self.openedx.http.post(url, data={"JWT": token})
        assert answer.status_code == 200, answer.text

    @property
    def backend(self) -> Backend:
        with self.app.app_context():
            return backend()

    @property
    def services(self) -> Services:
        """The service's own, with more patience: this machine may be slow."""
        lti = self.backend.lti
        client = replace(lti.client, timeout_s=120.0)
        return Services(client, Tokens(client, lti.signer))

    def platform(self) -> Platform:
        with self.world.backend.reading() as s:
            row = queries.registration(s, self.registration_id)
            assert row is not None
            return Platform.of(row)

    def people(self) -> dict[str, tuple[str, str]]:
        """Name and role in our course of everybody who was let in, by the platform's own name for them."""
        query = (
            select(LtiUserLink.sub, User.name, Enrolment.role)
            .join(User, User.id == LtiUserLink.user_id)
            .join(Enrolment, (Enrolment.user_id == User.id) & (Enrolment.course_id == self.world.course.id))
        )
        with self.world.backend.reading() as s:
            return {sub: (name, role.value) for sub, name, role in s.execute(query)}

    def refusals(self) -> list[str]:
        return refused_launches(self.world.backend)


@pytest.fixture
def school(openedx: OpenEdx, app: Flask, world: World, issuer: Issuer) -> School:
    """`issuer` serves our keys: the platform fetches them over HTTP, as they are at the JWKS address."""
    issuer.answers["/lti/keys"] = lambda: (200, {}, app.test_client().get("/lti/keys").data)
    ours = (f"{OURSELVES}/lti/login", f"{OURSELVES}/lti/launch", f"{issuer.url}/lti/keys")
    tool, unknown = openedx.add_tool(*ours), openedx.add_tool(*ours)
    said = Description(
        "Open edX", openedx.url, tool.client_id, tool.oidc_callback, tool.token_url, tool.keyset_url
    )  # fmt: skip
    with world.backend.writing() as s:
        row = platforms.add(s, said, deployments=[tool.deployment_id], by=ADMIN, now=utc_now())
        deployment = queries.deployment(s, row.id, tool.deployment_id)
        assert deployment is not None
        context = LtiContext(
            deployment_id=deployment.id, context_id=COURSE, title=TITLE, course_id=world.course.id,
            linked_at=utc_now(), grade_scopes=[],
        )  # fmt: skip
        s.add(context)
    return School(openedx, world, app, tool, unknown, row.id)


def changed(token: str, part: int) -> str:
    """`token` with one character replaced, in the middle of its claims or of its signature."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    other = "B" if parts[part][middle] == "A" else "A"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    return ".".join(parts)


# --- launches -------------------------------------------------------------------------------------------------------


def test_open_edx_launches_a_student_and_an_instructor(school: School) -> None:
    for user, name, role in (("u-ada", "Ada Lovelace", "student"), ("u-ida", "Ida Instructor", "instructor")):
        answer = school.enter(school.app.test_client(), user, role)
        assert (answer.status_code, school.refusals()) == (303, []), answer.text
        assert school.people()[user] == (name, role)


def test_a_launch_of_open_edx_for_another_tool_is_refused(school: School, client: FlaskClient) -> None:
    location = school.authorisation(client, "u-ada", "student")
    for_another = school.openedx.begin(school.unknown, "u-ada", "student", choosing=False)
    hint = dict(parse_qsl(urlsplit(for_another).query))["lti_message_hint"]
    # The browser asks in the name of the other tool, with the state and nonce of our login.
    query = dict(parse_qsl(urlsplit(location).query))
    query |= {"client_id": school.unknown.client_id, "lti_message_hint": hint}
    form = school.openedx.authorise(f"{school.tool.oidc_callback}?{urlencode(query)}")
    answer = client.post("/lti/launch", data=form)
    assert (answer.status_code, school.refusals()) == (403, ["audience"]), answer.text
    assert school.people() == {}


def test_a_launch_of_open_edx_that_was_changed_is_refused(school: School, client: FlaskClient) -> None:
    for part in (CLAIMS, SIGNATURE):
        form = school.openedx.authorise(school.authorisation(client, "u-ada", "student"))
        answer = client.post("/lti/launch", data=form | {"id_token": changed(form["id_token"], part)})
        assert (answer.status_code, school.refusals()[-1:]) == (403, ["signature"]), answer.text
    assert len(school.refusals()) == 2
    assert school.people() == {}


# --- deep linking ---------------------------------------------------------------------------------------------------


def test_open_edx_keeps_the_assignment_that_was_chosen_and_launches_it(school: School, client: FlaskClient) -> None:
    school.select(client)
    [item] = school.openedx.kept(school.tool)["chosen"]
    assert item["custom"] == {"assignment": SLUG}
    assert item["lineItem"]["resourceId"] == school.world.assignment.id
    assert item["url"] == f"{OURSELVES}/lti/launch"
    answer = school.enter(school.app.test_client(), "u-ada", "student")
    assert answer.location == f"/courses/dl-2026/assignments/{SLUG}"


def test_open_edx_refuses_a_choice_that_was_changed(school: School, client: FlaskClient) -> None:
    url, token = school.choose(client)
    for part in (CLAIMS, SIGNATURE):
        answer = school.openedx.http.post(url, data={"JWT": changed(token, part)})
        assert answer.status_code == 403, answer.text
    assert school.openedx.kept(school.tool)["chosen"] == []


def test_open_edx_lets_no_student_choose(school: School, client: FlaskClient) -> None:
    location = school.authorisation(client, "u-ada", "student", choosing=True)
    assert school.openedx.http.get(location).status_code == 403


# --- tokens and grades ----------------------------------------------------------------------------------------------


def test_open_edx_gives_a_token_and_holds_it_to_its_scope(school: School) -> None:
    tokens, platform = school.services.tokens, school.platform()
    url = f"{school.openedx.url}/api/lti_consumer/v1/lti/{school.tool.number}/lti-ags"
    fit = tokens.get(platform, (names.LINE_ITEM_SCOPE,))
    unfit = tokens.get(platform, (names.RESULT_SCOPE,))
    for token, status in ((fit, 200), (unfit, 403), (changed(fit, CLAIMS), 403), (changed(fit, SIGNATURE), 403)):
        headers = {"Authorization": f"Bearer {token}", "Accept": LINE_ITEMS_TYPE}
        assert school.openedx.http.get(url, headers=headers).status_code == status


class Forger:
    """Signs with a key that we never published."""

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": "ours"}, claims, rsa_key("forged"))


def test_open_edx_gives_no_token_for_a_forged_signature(school: School) -> None:
    tokens = Tokens(school.services.client, cast(Signer, Forger()))
    with pytest.raises(NoToken, match=r"status 400 \(invalid_client\)"):
        tokens.get(school.platform(), (names.SCORE_SCOPE,))


def test_a_grade_reaches_the_gradebook_of_open_edx(school: School, client: FlaskClient) -> None:
    school.select(client)
    school.enter(school.app.test_client(), "u-ada", "student")
    writing = school.backend.writing
    with writing() as s:
        student = s.scalars(select(User).join(LtiUserLink, LtiUserLink.user_id == User.id)).one()
        overrides.decide(
            s, assignment=school.world.assignment, student=student, decision=Decision(7.5, note="a test"),
            expected=0, by=ADMIN,
        )  # fmt: skip
    now = utc_now() + timedelta(seconds=2)
    with writing() as s:
        fan_out(s, OURSELVES, now, listener=hear)
    remote = Gradebook(school.services)
    with school.backend.reading() as s:
        [due] = sync_queries.due_items(s, now)
    assert Courier(writing, remote, lambda: now).serve(due) == 1
    kept = school.openedx.kept(school.tool)
    [column], [score], [published] = kept["columns"], kept["scores"], kept["published"]
    assert (column["resource_id"], column["tag"]) == (school.world.assignment.id, "grade")
    most = column["score_maximum"]
    assert score == {"user_id": "u-ada", "score_given": 7.5, "score_maximum": most, "grading_progress": "FullyGraded"}
    assert (published["user"], published["share"]) == ("u-ada", pytest.approx(7.5 / most))
    # What the platform holds is read back through its results service, and nothing differs.
    with school.backend.reading() as s:
        [item_id] = s.scalars(select(LtiLineItem.id)).all()
    told = Auditor(writing, remote, lambda: now + timedelta(seconds=5)).reconcile(item_id)
    assert (told.compared, told.differ, told.problem) == (1, 0, "")
