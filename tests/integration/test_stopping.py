"""Runs of a worker that is told to stop, and of a slot that dies: real Celery, real Redis; only the grading sleeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from grader.broker import JobBroker
from grader.embedded_redis import EmbeddedRedis
from tests.support.recorder import eventually
from worker.contract import (
    RESULTS_QUEUE,
    TASK_HANDED_BACK,
    TASK_STARTED,
    HandBack,
    HandedBackMessage,
    JobMessage,
    Limits,
    StartedMessage,
)

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import time
import worker.tasks as tasks
tasks._grade = lambda *parts: time.sleep(600)
tasks.app.worker_main(['worker', '--pool', 'prefork', '--concurrency', '2', '--queues', 'cpu', '--loglevel', 'INFO',
                       '--without-gossip', '--without-mingle'])
"""
JOB = JobMessage("run-1", "submission-1", "lease-1", "any", "d" * 64, "d" * 64, "http://127.0.0.1:9/none", Limits())


class BusyWorker:
    """A worker in the middle of one job."""

    def __init__(self, server: EmbeddedRedis, log: Path) -> None:
        url = server.broker_url
        self.redis: Any = redis.Redis.from_url(server.url)
        self.log = log
        environ = {
            **os.environ,
            "WORKER_BROKER_URL": url,
            "WORKER_PROGRESS_URL": "",
            "WORKER_NAME": "w1",
            "WORKER_WARM": "0",
            "WORKER_STOP_S": "1",
        }
        with log.open("wb") as out:
            self.process = subprocess.Popen([sys.executable, "-c", CODE], env=environ, cwd=ROOT, stdout=out, stderr=out)
        broker = JobBroker(url)
        broker.publish(JOB)
        broker.close()
        assert eventually(lambda: TASK_STARTED in self.sent()), log.read_text()

    def sent(self) -> dict[str, Any]:
        """The last message of each kind in the results queue; they stay there."""
        messages = [json.loads(raw) for raw in reversed(self.redis.lrange(RESULTS_QUEUE, 0, -1))]
        return {m["headers"]["task"]: m for m in messages}

    def message(self, task: str) -> Any:
        [args, *_] = json.loads(b64decode(self.sent()[task]["body"]))
        return args[0]

    def slots(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def started(self) -> StartedMessage:
        return StartedMessage.from_json(self.message(TASK_STARTED))

    def handed_back(self) -> HandedBackMessage:
        assert eventually(lambda: TASK_HANDED_BACK in self.sent()), self.log.read_text()
        return HandedBackMessage.from_json(self.message(TASK_HANDED_BACK))


@pytest.fixture
def busy(redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[BusyWorker]:
    worker = BusyWorker(redis_server, tmp_path / "worker.log")
    yield worker
    worker.process.kill()
    worker.process.wait()
    worker.redis.close()


def test_a_worker_that_is_told_to_stop_hands_its_job_back_and_leaves_no_process(busy: BusyWorker) -> None:
    slots = busy.slots()
    busy.process.send_signal(signal.SIGTERM)
    busy.process.wait(120)
    _, alive = psutil.wait_procs(slots, timeout=30)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
    back = busy.handed_back()
    assert (back.run_id, back.lease, back.why, back.worker) == ("run-1", "lease-1", HandBack.STOPPING, "w1")
    assert back.process == busy.started().process != ""
    assert busy.redis.llen("cpu") == 1, f"its message did not go back to the broker\n{busy.log.read_text()}"


def test_a_slot_that_dies_is_told_at_once_and_the_worker_lives(busy: BusyWorker) -> None:
    for slot in psutil.Process(busy.process.pid).children():
        slot.kill()
    back = busy.handed_back()
    assert (back.run_id, back.why) == ("run-1", HandBack.DIED)
    assert "its process died" in back.text
    assert eventually(lambda: busy.redis.hlen("unacked") == 0), "its message would be given out again"
    assert busy.redis.llen("cpu") == 0
    assert busy.process.poll() is None
