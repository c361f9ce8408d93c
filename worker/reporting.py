"""What a running job tells: progress for the live page, and that it is still alive."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

import redis

from worker.contract import HEARTBEAT_S, Progress, progress_channel

log = logging.getLogger(__name__)

KEEP_S = 3600
LEAST_INTERVAL_S = 0.1  # a notebook of 2,000 quick cells must not become 2,000 messages


class ProgressPublisher:
    """Sends Progress over Redis. Losing one does no harm, so a Redis that is away is only logged."""

    def __init__(self, url: str, run_id: str, submission_id: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5) if url else None
        self._run_id = run_id
        self._submission_id = submission_id
        self._last = ("", 0.0)

    def __call__(self, stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None:
        now = time.time()
        if self._redis is None or (self._last[0] == stage and now - self._last[1] < LEAST_INTERVAL_S):
            return
        self._last = (stage, now)
        progress = Progress(self._run_id, self._submission_id, stage, cell, cells, now, detail)
        text = json.dumps(progress.to_json())
        channel = progress_channel(self._submission_id)
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(channel, text, ex=KEEP_S)
            pipe.publish(channel, text)
            pipe.execute()
        except redis.RedisError as error:
            log.info("progress not sent: %s", type(error).__name__)

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()


class Heartbeat:
    """Calls `beat` every HEARTBEAT_S until left, in a thread of its own."""

    def __init__(self, beat: Callable[[], None], every_s: float = HEARTBEAT_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._beat()
