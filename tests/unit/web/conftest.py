from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grader.accounts import service as accounts
from grader.db import migrate
from grader.web import backend as web_backend
from grader.web import limits
from grader.web.app import create_app
from tests.unit.web.portal import Portal, add_portal
from tests.unit.web.world import ADMIN, PASSWORD, World, make_settings, make_world, open_world


@dataclass(frozen=True)
class Seed:
    home: Path
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """A service's home, migrated and filled once; tests work on copies of it."""
    home = tmp_path_factory.mktemp("seed") / "home"
    settings = make_settings(home)
    migrate.upgrade(settings.database_url)
    made = make_world(settings)
    made.backend.close()  # the last connection to close brings everything into the one file
    return Seed(home, made.tokens)


@pytest.fixture
def world(seed: Seed, tmp_path: Path) -> Iterator[World]:
    home = tmp_path / "home"
    shutil.copytree(seed.home, home)
    opened = open_world(make_settings(home), seed.tokens)
    yield opened
    opened.backend.close()


@pytest.fixture
def app(world: World) -> Iterator[Flask]:
    app = create_app(world.settings)
    limits.limiter.reset()
    yield app
    with app.app_context():
        web_backend.backend().close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class Browser:
    """A client that signs in and sends forms with their CSRF token, as a browser does."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        data = {"email": f"{name}@example.org", "password": password, "csrf_token": self.token("/sign-in")}
        answer = self.client.post("/sign-in", data=data)
        assert answer.status_code == 302, answer.get_data(as_text=True)

    def token(self, page: str) -> str:
        return csrf_of(self.client.get(page).get_data(as_text=True))

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token("/"), **fields})


def csrf_of(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, "the page has no form"
    return found.group(1)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def sam(app: Flask) -> Browser:
    return as_user(app, "sam")


@pytest.fixture
def ida(app: Flask) -> Browser:
    return as_user(app, "ida")


@pytest.fixture
def admin(app: Flask, world: World) -> Browser:
    with world.backend.writing() as s:
        accounts.set_admin(s, user=s.merge(world.people["olga"]), admin=True, by=ADMIN)
    return as_user(app, "olga")


def as_user(app: Flask, name: str) -> Browser:
    browser = Browser(app)
    browser.sign_in(name)
    return browser


@pytest.fixture
def portal(app: Flask, world: World) -> Portal:
    return add_portal(app, world)
