from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from grader.web import backend as web_backend
from grader.web import limits
from grader.web.app import create_app
from tests.support.lms.issuer import Issuer, issuing
from tests.unit.web.lti.play import Play, make_platform
from tests.unit.web.world import World, make_settings


@pytest.fixture
def app(world: World) -> Iterator[Flask]:
    """The service of the other tests here; platforms on this machine may be reached."""
    app = create_app(make_settings(world.settings.home, webhook_networks="127.0.0.0/8"))
    limits.limiter.reset()
    yield app
    with app.app_context():
        web_backend.backend().close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture
def play(app: Flask, world: World, issuer: Issuer) -> Play:
    """A platform that is registered, whose keys are here; its course is not connected yet."""
    return make_platform(app, world, issuer)


@pytest.fixture
def connected(play: Play) -> Play:
    play.connect_course()
    return play
