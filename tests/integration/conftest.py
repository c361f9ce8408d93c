"""Real PostgreSQL, SQLite and Redis. `backend` runs a test on both databases; `postgres_backend` on the one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from grader import embedded_redis
from grader.db import migrate
from grader.embedded_redis import EmbeddedRedis
from grader.settings import Settings
from grader.wiring import Backend
from tests.support.databases import empty_tables, postgres_database, postgres_server, sqlite_template
from tests.support.hook import Hook, hooked
from tests.support.lms.connected import Connected, connected
from tests.support.lms.gradebook import Canvas, Moodle
from tests.support.mortal_redis import MortalRedis
from tests.support.world import World, make_world

DATABASES = ("sqlite", "postgresql")
SECRET = "a-secret-key-for-tests-only-0123456789"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of the one PostgreSQL database with tables that the tests of this process take turns at."""
    with postgres_database(postgres_url) as url:
        migrate.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def sqlite_template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(params=DATABASES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    with postgres_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes a database of a kind, with tables and no rows, and tells its URL."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / "grader.db"
            shutil.copy(request.getfixturevalue("sqlite_template_file"), path)
            return f"sqlite:///{path}"
        url: str = request.getfixturevalue("migrated_postgres")
        empty_tables(url)
        return url

    return make


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, make_database: Callable[[str], str]) -> str:
    return make_database(request.param)


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[EmbeddedRedis]:
    home = Path(tempfile.mkdtemp(prefix="grader-redis-"))
    server = embedded_redis.start(home)
    yield server
    server.stop()
    shutil.rmtree(home)


@pytest.fixture
def redis_server(shared_redis: EmbeddedRedis) -> EmbeddedRedis:
    """A running Redis with nothing in it. Do not stop it: others use it too."""
    with redis.Redis.from_url(shared_redis.url) as client:
        client.flushall()
    return shared_redis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[MortalRedis]:
    """A Redis that the test may kill."""
    server = MortalRedis(tmp_path / "redis-home")
    yield server
    server.stop()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[[str, str], Backend]]:
    """Puts a backend together for a database and a broker."""
    made: list[Backend] = []

    def make(database_url: str, broker_url: str) -> Backend:
        settings = Settings.load(
            home=tmp_path / "home", database_url=database_url, broker_url=broker_url, secret_key=SECRET
        )
        made.append(Backend.connect(settings))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def backend(database_url: str, redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]) -> Backend:
    return connect(database_url, redis_server.broker_url)


@pytest.fixture
def world(backend: Backend) -> World:
    return make_world(backend)


@pytest.fixture
def postgres_world(
    make_database: Callable[[str], str], redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]
) -> World:
    return make_world(connect(make_database("postgresql"), redis_server.broker_url))


@pytest.fixture
def hook(world: World) -> Iterator[Hook]:
    with hooked(world) as made:
        yield made


@pytest.fixture
def moodle(world: World) -> Iterator[Connected]:
    with connected(world, Moodle(), "moodle") as found:
        yield found


@pytest.fixture
def one_world(
    make_database: Callable[[str], str], redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]
) -> World:
    """On one database: for what has nothing to do with SQL."""
    return make_world(connect(make_database("sqlite"), redis_server.broker_url))


@pytest.fixture
def plain_moodle(one_world: World) -> Iterator[Connected]:
    with connected(one_world, Moodle(), "moodle") as found:
        yield found


@pytest.fixture
def canvas(one_world: World) -> Iterator[Connected]:
    with connected(one_world, Canvas(), "canvas") as found:
        yield found
