"""RabbitMQ in place of Redis as broker. These tests need one: GRADER_TEST_AMQP_URL names it, or they skip.

Queues of it are emptied.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery

from grader.broker import JobBroker
from grader.db.models import RunStatus, SubmissionStatus
from grader.outbox.errors import BrokerDown
from grader.wiring import Backend
from tests.support.recorder import ResultSender, eventually, running_recorder
from tests.support.world import World, graded, make_world
from worker.contract import RESULTS_QUEUE, TASK_GRADE, JobMessage, Limits, Queue

URL = os.environ.get("GRADER_TEST_AMQP_URL", "")
needs_rabbitmq = pytest.mark.skipif(not URL, reason="GRADER_TEST_AMQP_URL names no RabbitMQ")
NOBODY = "amqp://guest:guest@127.0.0.1:1//"


def purge(app: Celery) -> None:
    with app.connection_for_write() as connection:
        for name in (Queue.CPU.value, Queue.GPU.value, RESULTS_QUEUE, "delivery"):
            connection.default_channel.queue_delete(queue=name)


@pytest.fixture
def workers_app() -> Iterator[Celery]:
    app = Celery("test-workers", broker=URL, set_as_current=False)
    purge(app)
    yield app
    purge(app)
    app.close()


@pytest.fixture
def rabbit_world(
    workers_app: Celery, make_database: Callable[[str], str], connect: Callable[[str, str], Backend]
) -> World:
    return make_world(connect(make_database("sqlite"), URL))


def test_one_that_is_not_there_is_told_soon() -> None:
    broker = JobBroker(NOBODY)
    assert broker.depth("cpu") is None
    with pytest.raises(BrokerDown):
        broker.publish(JobMessage("r", "s", "l", "a", "v", "d", "http://u", Limits()))
    broker.close()


@needs_rabbitmq
def test_a_job_waits_in_its_queue_is_counted_and_comes_again_when_its_worker_dies(
    rabbit_world: World, workers_app: Celery
) -> None:
    broker = rabbit_world.backend.broker
    assert broker.depth("cpu") == 0, "there is no such queue yet"
    run = rabbit_world.submit().run
    assert eventually(lambda: broker.depth("cpu") == 1)
    for _ in range(2):
        with workers_app.connection_for_read() as connection:
            found = connection.default_channel.basic_get(queue="cpu", no_ack=False)
            assert found is not None
            assert found.headers["task"] == TASK_GRADE
            assert JobMessage.from_json(json.loads(found.body)[0][0]).run_id == run.id
            assert broker.depth("cpu") == 0
        # The connection is gone without an acknowledgement, as of a worker that was killed.
        assert eventually(lambda: broker.depth("cpu") == 1)


@needs_rabbitmq
def test_a_recorder_takes_results_from_it(rabbit_world: World, tmp_path: Path) -> None:
    run = rabbit_world.submit().run
    rabbit_world.start(run)
    sender = ResultSender(URL)
    with running_recorder(rabbit_world.backend.settings, tmp_path / "recorder.log"):
        sender.result(graded(run))
        sender.result(graded(run))
        assert eventually(lambda: rabbit_world.submission(run.submission_id).status is SubmissionStatus.GRADED)
    sender.close()
    assert [found.status for found in rabbit_world.submission(run.submission_id).runs] == [RunStatus.DONE]
