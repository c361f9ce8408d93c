from __future__ import annotations

from pathlib import Path

import pytest

from grader import urls


@pytest.mark.parametrize("given", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_spelling_of_postgresql_gets_our_driver(given: str) -> None:
    assert urls.database(given) == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize("given", ["", "mysql://h/d", "sqlite://", "postgresql+asyncpg://h/d"])
def test_other_databases_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="GRADER_DATABASE_URL"):
        urls.database(given)


def test_a_unix_socket_is_spelt_for_celery_and_for_redis() -> None:
    celery = urls.broker("unix:///run/redis.sock?db=2")
    assert celery == "redis+socket:///run/redis.sock?virtual_host=2"
    assert urls.progress(celery) == "unix:///run/redis.sock?db=2"
    assert urls.broker(celery) == celery


def test_progress_goes_through_redis_alone() -> None:
    assert urls.progress("redis://h:6379/1") == "redis://h:6379/1"
    assert urls.progress("rediss://h:6379/1") == "rediss://h:6379/1"
    assert urls.progress("amqp://h//") == ""


def test_the_socket_is_in_home_unless_its_path_would_be_too_long() -> None:
    assert urls.redis_socket(Path("/srv/grader")) == Path("/srv/grader/redis/redis.sock")
    deep = Path("/srv") / ("x" * 90)
    short = urls.redis_socket(deep)
    assert len(str(short)) <= urls.LONGEST_SOCKET_PATH
    assert urls.redis_socket(deep) == short
    assert urls.redis_socket(Path("/srv") / ("y" * 90)) != short
