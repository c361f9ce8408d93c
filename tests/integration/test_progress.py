from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
import redis

from grader.embedded_redis import EmbeddedRedis
from grader.progress import ProgressReader
from tests.support.mortal_redis import MortalRedis
from worker.contract import Progress, progress_channel
from worker.reporting import ProgressPublisher


@pytest.fixture
def reader(redis_server: EmbeddedRedis) -> Iterator[ProgressReader]:
    reading = ProgressReader(redis_server.url)
    yield reading
    reading.close()


@pytest.fixture
def publisher(redis_server: EmbeddedRedis) -> Iterator[ProgressPublisher]:
    publishing = ProgressPublisher(redis_server.url, "r1", "s1")
    yield publishing
    publishing.close()


def stages(items: list[Progress | None]) -> list[str | None]:
    return [item.stage if item is not None else None for item in items]


def test_the_newest_progress_is_there_for_a_page_that_is_opened_late(
    reader: ProgressReader, publisher: ProgressPublisher
) -> None:
    assert reader.latest("s1") is None
    publisher("preparing")
    publisher("executing", 3, 17, "cell 3")
    latest = reader.latest("s1")
    assert latest is not None
    assert (latest.stage, latest.cell, latest.cells, latest.detail) == ("executing", 3, 17, "cell 3")
    assert reader.latest("another") is None


def test_a_page_follows_from_where_the_run_is_until_it_is_done(
    reader: ProgressReader, publisher: ProgressPublisher
) -> None:
    publisher("preparing")
    seen: list[Progress | None] = []
    first = threading.Event()

    def follow() -> None:
        for progress in reader.follow("s1", keepalive_s=5):
            seen.append(progress)
            first.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert first.wait(5)
    for stage in ("executing", "checking", "done"):
        publisher(stage)
    thread.join(5)
    assert not thread.is_alive()
    assert stages(seen) == ["preparing", "executing", "checking", "done"]


def test_a_run_that_is_done_already_is_told_and_that_is_all(
    reader: ProgressReader, publisher: ProgressPublisher
) -> None:
    publisher("done")
    assert stages(list(reader.follow("s1"))) == ["done"]


def test_silence_gives_a_sign_of_life_and_ends_in_time(reader: ProgressReader) -> None:
    began = time.monotonic()
    assert list(reader.follow("s1", keepalive_s=0.2, give_up_s=0.9)) == [None] * 5
    assert 0.8 < time.monotonic() - began < 2


@pytest.mark.parametrize("junk", ["", "[]", "nonsense", "[" * 5000, json.dumps({"stage": 3}), '{"stage": "done"}'])
def test_what_is_no_progress_is_passed_over(reader: ProgressReader, redis_server: EmbeddedRedis, junk: str) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set(progress_channel("s1"), junk)
    assert reader.latest("s1") is None


@pytest.mark.parametrize("configured", [True, False])
def test_without_redis_nothing_is_known_and_it_is_said_at_once(own_redis: MortalRedis, configured: bool) -> None:
    reader = ProgressReader(own_redis.url if configured else "")
    own_redis.kill()
    began = time.monotonic()
    assert reader.latest("s1") is None
    assert list(reader.follow("s1")) == []
    assert time.monotonic() - began < 1
    reader.close()


def test_redis_that_hangs_holds_nobody_up(own_redis: MortalRedis) -> None:
    reader = ProgressReader(own_redis.url)
    with own_redis.hanging():
        began = time.monotonic()
        assert reader.latest("s1") is None
        assert list(reader.follow("s1", keepalive_s=1)) in ([], [None])
        assert time.monotonic() - began < 5
    reader.close()


def test_redis_that_dies_ends_the_following(own_redis: MortalRedis) -> None:
    reader = ProgressReader(own_redis.url)
    following = reader.follow("s1", keepalive_s=0.2, give_up_s=60)
    assert next(following) is None
    own_redis.kill()
    began = time.monotonic()
    list(following)
    assert time.monotonic() - began < 5
    reader.close()
