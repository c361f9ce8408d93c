"""A browser between a platform and the service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from grader.db.models import Enrolment, Grade, LtiContext, LtiRegistration, LtiUserLink, User
from grader.lms.lti import platforms, queries
from grader.lms.lti.platforms import Description
from grader.time import utc_now
from tests.support.lms.issuer import TARGET, Issuer
from tests.support.rows import refused_launches
from tests.unit.web.world import ADMIN, World

OURS = {"Origin": "http://127.0.0.1:8000"}  # what a browser says of a form on a page of ours


@dataclass
class Begun:
    state: str
    nonce: str
    query: dict[str, str]


@dataclass
class Play:
    app: Flask
    world: World
    issuer: Issuer
    registration_id: str

    def login(self, client: FlaskClient, **changes: str) -> TestResponse:
        query = {"iss": self.issuer.issuer, "login_hint": "1", "target_link_uri": TARGET, "lti_message_hint": "5"}
        query |= {"client_id": self.issuer.client_id} | changes
        return client.get("/lti/login", query_string=query)

    def begin(self, client: FlaskClient, **changes: str) -> Begun:
        answer = self.login(client, **changes)
        assert answer.status_code == 302, answer.text
        query = {k: v[0] for k, v in parse_qs(urlsplit(answer.location).query).items()}
        return Begun(query["state"], query["nonce"], query)

    def launch(self, client: FlaskClient, headers: dict[str, str] | None = None, **claims: Any) -> TestResponse:
        """Login and launch as a student, in a window of its own, unless the claims say otherwise."""
        begun = self.begin(client)
        token = self.issuer.sign(self.issuer.claims(begun.nonce, **claims))
        return client.post("/lti/launch", data={"state": begun.state, "id_token": token}, headers=headers or {})

    def enter(self, client: FlaskClient, **claims: Any) -> TestResponse:
        """Launch for the first time, and go on as somebody new; the answer sends the browser to the destination."""
        page = self.launch(client, **claims)
        assert page.status_code == 200, page.text
        answer = client.post("/lti/go", data={"ticket": hidden(page.text, "ticket")}, headers=OURS)
        assert answer.location == "/lti/welcome", answer.text
        welcome = client.get("/lti/welcome")
        return client.post("/lti/welcome", data={"csrf_token": hidden(welcome.text, "csrf_token"), "who": "new"})

    def connect_course(self) -> None:
        """As if an instructor had connected the platform's course with dl-2026."""
        with self.world.backend.writing() as s:
            deployment = queries.deployment(s, self.registration_id, self.issuer.deployment_id)
            assert deployment is not None
            s.add(
                LtiContext(
                    deployment_id=deployment.id, context_id="ctx-1", title="Deep Learning in Moodle",
                    course_id=self.world.course.id, linked_at=utc_now(), grade_scopes=[],
                    memberships_url=f"{self.issuer.url}/members?type_id=3",
                )
            )  # fmt: skip

    def registration(self) -> LtiRegistration:
        with self.world.backend.reading() as s:
            found = queries.registration(s, self.registration_id)
        assert found is not None
        return found

    def refusals(self) -> list[str]:
        return refused_launches(self.world.backend)

    def links(self) -> dict[str, User]:
        with self.world.backend.reading() as s:
            return {link.sub: s.get_one(User, link.user_id) for link in s.scalars(select(LtiUserLink))}

    def role(self, user: User) -> str | None:
        with self.world.backend.reading() as s:
            query = select(Enrolment).where(Enrolment.user_id == user.id, Enrolment.course_id == self.world.course.id)
            found = s.scalar(query)
        return found.role.value if found is not None else None

    def untouched(self) -> bool:
        """Nobody was let in, and there is no grade."""
        with self.world.backend.reading() as s:
            return s.scalar(select(LtiUserLink)) is None and s.scalar(select(Grade)) is None


def make_platform(app: Flask, world: World, issuer: Issuer, name: str = "Moodle") -> Play:
    url = issuer.url
    said = Description(name, issuer.issuer, issuer.client_id, f"{url}/auth", f"{url}/token", f"{url}/jwks")
    with world.backend.writing() as s:
        row = platforms.add(s, said, deployments=[issuer.deployment_id], by=ADMIN, now=utc_now())
        row.jwks, row.jwks_fetched_at = issuer.jwks(), utc_now()
    return Play(app, world, issuer, row.id)


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, html
    return found.group(1)
