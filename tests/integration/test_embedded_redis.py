from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from grader import embedded_redis, urls
from grader.embedded_redis import EmbeddedRedis, RedisError


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="grader-home-"))
    yield folder
    found = embedded_redis.find(folder)
    if found is not None:
        os.kill(found.pid, signal.SIGKILL)
    shutil.rmtree(folder)


def get(server: EmbeddedRedis, key: str) -> object:
    with redis.Redis.from_url(server.url) as client:
        return client.get(key)


def put(server: EmbeddedRedis, key: str, value: str) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(key, value)


def test_yesterdays_messages_are_there_after_a_clean_stop(home: Path) -> None:
    server = embedded_redis.start(home)
    put(server, "k", "v")
    server.stop()
    assert embedded_redis.find(home) is None
    again = embedded_redis.start(home)
    assert get(again, "k") == b"v"
    again.stop()


def test_a_server_that_was_killed_starts_again_with_its_data(home: Path) -> None:
    server = embedded_redis.start(home)
    put(server, "k", "v")
    with redis.Redis.from_url(server.url) as client:
        client.execute_command("WAIT", "0", "100")
    server.kill()
    # The file may end in the middle of a command.
    log = home / "redis" / "appendonly.aof"
    log.write_bytes(log.read_bytes() + b"*3\r\n$3\r\nSET\r\n$1\r\n")
    again = embedded_redis.start(home)
    with redis.Redis.from_url(again.url) as client:
        assert client.ping()
    again.stop()


def test_one_that_already_runs_is_found_and_not_stopped(home: Path) -> None:
    server = embedded_redis.start(home)
    other = embedded_redis.start(home)
    assert (other.pid, other.process) == (server.pid, None)
    other.stop()
    assert embedded_redis.find(home) is not None
    server.stop()


def test_several_that_start_together_make_one_server(home: Path) -> None:
    servers: list[EmbeddedRedis] = []
    threads = [threading.Thread(target=lambda: servers.append(embedded_redis.start(home))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in servers}) == 1
    owners = [server for server in servers if server.process is not None]
    assert len(owners) == 1
    owners[0].stop()


def test_nobody_else_reaches_it(home: Path) -> None:
    server = embedded_redis.start(home)
    assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("port") == {"port": "0"}
    server.stop()


def test_a_home_with_a_long_path_gets_a_short_socket(home: Path) -> None:
    deep = home / ("a-long-name-" * 8) / "below"
    server = embedded_redis.start(deep)
    assert len(os.fsencode(server.socket)) <= urls.LONGEST_SOCKET_PATH
    assert server.data == deep / "redis"
    assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    assert server.socket == urls.redis_socket(deep)
    put(server, "k", "v")
    server.stop()
    shutil.rmtree(server.socket.parent)


def test_a_data_folder_that_cannot_be_used_is_named(home: Path) -> None:
    (home / "redis").mkdir()
    (home / "redis" / "appendonly.aof").write_bytes(b"this is no append-only file")
    with pytest.raises(RedisError, match=r"redis\.log"):
        embedded_redis.start(home)


def test_a_starter_that_is_ended_by_a_signal_to_itself_leaves_the_server_to_be_found(home: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-m", "grader.embedded_redis", str(home)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    assert starter.stdout.readline().startswith(b"unix://")
    starter.kill()
    starter.wait()
    starter.stdout.close()
    found = embedded_redis.find(home)
    assert found is not None
    put(found, "k", "v")
