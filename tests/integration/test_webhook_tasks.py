"""Webhooks with a real recorder and a real broker, which may be away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from grader.lms.webhooks import service
from grader.time import utc_now
from grader.wiring import Backend
from tests.support.mortal_redis import MortalRedis
from tests.support.receivers import receiving
from tests.support.recorder import eventually, running_recorder
from tests.support.world import TEST, make_world

PATIENCE_S = 180.0


def test_point_04_what_was_committed_while_the_broker_was_down_is_delivered_once_it_is_back(
    make_database: Callable[[str], str], own_redis: MortalRedis, connect: Callable[[str, str], Backend], tmp_path: Path
) -> None:
    backend = connect(make_database("postgresql"), own_redis.broker_url)
    world = make_world(backend)
    environment = {"GRADER_SWEEP_S": "0.3", "GRADER_WEBHOOK_NETWORKS": "127.0.0.1/32"}
    with receiving() as receiver:

        def arrived() -> list[str]:
            return [json.loads(body)["type"] for _, body in list(receiver.got)]

        with backend.writing() as session:
            service.add(
                session, course_id=world.course.id, url=receiver.url, description="", events=(),
                sealer=backend.webhooks.sealer, by=TEST, now=utc_now(),
            )  # fmt: skip
        with running_recorder(backend.settings, tmp_path / "recorder.log", **environment):
            assert eventually(lambda: arrived() == ["endpoint.ping"], PATIENCE_S)
            own_redis.kill()
            world.submit()
            own_redis.start()
            assert eventually(lambda: arrived()[1:] == ["submission.received"], PATIENCE_S)
