"""Where a run stands, read from Redis for the live page. Losing it does no harm: the database tells the rest."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.contract import MessageError, Progress, progress_channel

log = logging.getLogger(__name__)

TIMEOUT_S = 1.0
DONE = "done"


class ProgressReader:
    """Reads what workers publish. With no Redis, or one that is down, it knows nothing and says so at once."""

    def __init__(self, url: str) -> None:
        self._redis = (
            redis.Redis.from_url(
                url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
            )
            if url
            else None
        )

    def latest(self, submission_id: str) -> Progress | None:
        """The newest Progress of the last hour; None when there is none or Redis is down."""
        if self._redis is None:
            return None
        try:
            return _parse(self._redis.get(progress_channel(submission_id)))
        except (redis.RedisError, OSError):
            return None

    def follow(
        self, submission_id: str, *, keepalive_s: float = 15.0, give_up_s: float = 300.0
    ) -> Iterator[Progress | None]:
        """Progress as it comes, the newest first of all; None after `keepalive_s` without any.

        Ends after the stage "done", after `give_up_s`, or when Redis is not to be had.
        """
        if self._redis is None:
            return
        give_up = time.monotonic() + give_up_s
        channel = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            channel.subscribe(progress_channel(submission_id))
            last = self.latest(submission_id)  # after subscribing, so that nothing falls between the two
            if last is not None:
                yield last
            while (last is None or last.stage != DONE) and time.monotonic() < give_up:
                progress = self._next(channel, min(keepalive_s, give_up - time.monotonic()))
                last = progress or last
                yield progress
        except (redis.RedisError, OSError) as error:
            log.info("progress ends: %s", type(error).__name__)
        finally:
            channel.close()

    @staticmethod
    def _next(channel: redis.client.PubSub, wait_s: float) -> Progress | None:
        deadline = time.monotonic() + wait_s
        while (left_s := deadline - time.monotonic()) > 0:
            message = channel.get_message(timeout=left_s)
            progress = _parse(message["data"]) if message is not None else None
            if progress is not None:
                return progress
        return None

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()


def _parse(data: object) -> Progress | None:
    """What a worker published; None for anything else that is found there."""
    if not isinstance(data, bytes | str):
        return None
    try:
        return Progress.from_json(json.loads(data))
    except (ValueError, MessageError, RecursionError):
        return None
