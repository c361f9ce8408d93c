"""A private Redis that a test may kill, stop for a while and start again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader import embedded_redis
from grader.embedded_redis import EmbeddedRedis


class MortalRedis:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._server: EmbeddedRedis = embedded_redis.start(home)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def broker_url(self) -> str:
        return self._server.broker_url

    def kill(self) -> None:
        self._server.kill()

    def start(self) -> None:
        self._server = embedded_redis.start(self._home)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        os.kill(self._server.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._server.pid, signal.SIGCONT)

    def stop(self) -> None:
        self._server.stop()
