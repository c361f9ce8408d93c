"""The recorder as a process of its own, fed through a real Redis."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from grader.db.models import AuditEntry, Grade, Run, RunStatus, SubmissionStatus
from grader.wiring import Backend
from tests.support.mortal_redis import MortalRedis
from tests.support.recorder import ResultSender, eventually, running_recorder
from tests.support.world import World, graded, make_world
from worker.contract import RESULTS_QUEUE, TASK_HEARTBEAT, TASK_RESULT, TASK_STARTED, StartedMessage

FAST = {"GRADER_SWEEP_S": "0.5", "GRADER_LEASE_S": "2", "GRADER_DISPATCH_GRACE_S": "1"}


@pytest.fixture(params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest,
    make_database: Callable[[str], str],
    own_redis: MortalRedis,
    connect: Callable[[str, str], Backend],
    tmp_path: Path,
) -> Iterator[World]:
    """A world whose recorder is running."""
    backend = connect(make_database(request.param), own_redis.broker_url)
    with running_recorder(backend.settings, tmp_path / "recorder.log", **FAST):
        yield make_world(backend)


@pytest.fixture
def sender(own_redis: MortalRedis) -> Iterator[ResultSender]:
    sending = ResultSender(own_redis.broker_url)
    yield sending
    sending.close()


def has_status(world: World, submission_id: str, status: SubmissionStatus) -> Callable[[], bool]:
    return lambda: world.submission(submission_id).status is status


def test_what_a_worker_sends_ends_in_a_grade(served: World, sender: ResultSender) -> None:
    run = served.submit().run
    started = StartedMessage(run.id, run.lease, "w1").to_json()
    sender.send(TASK_STARTED, started)
    assert eventually(has_status(served, run.submission_id, SubmissionStatus.RUNNING))
    sender.send(TASK_HEARTBEAT, started)
    sender.result(graded(run, 7.0))
    assert eventually(has_status(served, run.submission_id, SubmissionStatus.GRADED))
    grade = served.grade()
    assert grade is not None
    assert grade.score == 7.0


NONSENSE: list[object] = [None, [], "text", {"run_id": 3}, {"run_id": "r", "lease": "l", "score": float("inf")}]


def test_messages_that_make_no_sense_are_noted_and_stop_nothing(served: World, sender: ResultSender) -> None:
    run = served.submit().run
    for task in (TASK_RESULT, TASK_STARTED, TASK_HEARTBEAT):
        for message in NONSENSE:
            sender.send(task, message)
    sender.result(graded(run, 7.0))
    assert eventually(has_status(served, run.submission_id, SubmissionStatus.GRADED))

    def noted() -> int:
        with served.backend.reading() as session:
            return len(list(session.scalars(select(AuditEntry).where(AuditEntry.action == "message.malformed"))))

    # {"run_id": "r", "lease": "l"} lacks a worker, so that one is malformed as a start, too.
    assert eventually(lambda: noted() == 3 * len(NONSENSE))


def test_a_result_sent_twenty_times_is_recorded_once(served: World, sender: ResultSender) -> None:
    run = served.submit().run
    for _ in range(20):
        sender.result(graded(run, 7.0))

    def refused() -> int:
        with served.backend.reading() as session:
            return session.get_one(Run, run.id).refusals  # each is counted; the audit has the first few

    assert eventually(lambda: refused() == 19)
    with served.backend.reading() as session:
        assert session.scalars(select(Grade)).one().revision == 1


def test_a_lost_worker_and_a_lost_job_are_brought_back(
    served: World, own_redis: MortalRedis, sender: ResultSender
) -> None:
    run = served.submit().run
    sender.send(TASK_STARTED, StartedMessage(run.id, run.lease, "w1").to_json())
    assert eventually(lambda: len(served.submission(run.submission_id).runs) == 2)
    runs = served.submission(run.submission_id).runs
    assert [r.status for r in runs] == [RunStatus.LOST, RunStatus.QUEUED]
    depth = served.backend.broker.depth
    assert eventually(lambda: (depth("cpu") or 0) >= 2)  # the new run's job is in the queue
    with redis.Redis.from_url(own_redis.url) as client:
        client.delete("cpu")  # and is lost there
    assert eventually(lambda: (depth("cpu") or 0) >= 1)
    sender.result(graded(runs[1], 6.0))
    assert eventually(has_status(served, run.submission_id, SubmissionStatus.GRADED))


def test_redis_killed_and_started_again_ends_in_a_grade(
    served: World, own_redis: MortalRedis, sender: ResultSender
) -> None:
    own_redis.kill()
    run = served.submit().run
    own_redis.start()
    assert eventually(lambda: (served.backend.broker.depth("cpu") or 0) == 1)
    again = ResultSender(own_redis.broker_url)
    again.result(graded(run, 7.0))
    assert eventually(has_status(served, run.submission_id, SubmissionStatus.GRADED))
    again.close()


def test_a_result_that_finds_the_database_locked_is_recorded_later(
    make_database: Callable[[str], str],
    own_redis: MortalRedis,
    connect: Callable[[str, str], Backend],
    sender: ResultSender,
    tmp_path: Path,
) -> None:
    backend = connect(make_database("sqlite"), own_redis.broker_url)
    world = make_world(backend)
    with running_recorder(backend.settings, tmp_path / "recorder.log", GRADER_SWEEP_S="0.5"):
        run = world.submit().run
        with sqlite3.connect(backend.engine.url.database or "", isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            sender.result(graded(run, 7.0))
            time.sleep(3.0)
            assert world.submission(run.submission_id).status is SubmissionStatus.QUEUED
            other.execute("COMMIT")
        other.close()
        assert eventually(has_status(world, run.submission_id, SubmissionStatus.GRADED))


def test_an_upload_waits_for_a_locked_database(
    make_database: Callable[[str], str], own_redis: MortalRedis, connect: Callable[[str, str], Backend]
) -> None:
    world = make_world(connect(make_database("sqlite"), own_redis.broker_url))
    path = world.backend.engine.url.database or ""
    locked = threading.Event()

    def lock() -> None:
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            locked.set()
            time.sleep(3.0)
            other.execute("COMMIT")
        other.close()

    thread = threading.Thread(target=lock)
    thread.start()
    locked.wait()
    accepted = world.submit()
    thread.join()
    assert world.submission(accepted.submission.id).status is SubmissionStatus.QUEUED


def test_a_recorder_that_is_told_to_end_does_so_soon(
    make_database: Callable[[str], str], own_redis: MortalRedis, connect: Callable[[str, str], Backend], tmp_path: Path
) -> None:
    backend = connect(make_database("sqlite"), own_redis.broker_url)
    world = make_world(backend)
    with running_recorder(backend.settings, tmp_path / "recorder.log", **FAST) as process:
        sender = ResultSender(own_redis.broker_url)
        run = world.submit().run
        sender.result(graded(run))
        assert eventually(has_status(world, run.submission_id, SubmissionStatus.GRADED))
        sender.close()
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 15  # Celery itself would wait for tasks for ever


STUCK = """
import time
import grader.tasks.results as results
import grader.tasks.stopping as stopping
stopping.STOP_S = 0.5
results.grading.record = lambda *parts: print('recording', flush=True) or time.sleep(600)
results.app.worker_main(['worker', '-Q', 'results', '--pool', 'threads', '--without-gossip', '--without-mingle'])
"""


def test_a_recorder_that_is_stuck_in_a_task_ends_all_the_same_when_it_is_told_to(
    make_database: Callable[[str], str], own_redis: MortalRedis, connect: Callable[[str, str], Backend], tmp_path: Path
) -> None:
    backend = connect(make_database("sqlite"), own_redis.broker_url)
    run = make_world(backend).submit().run
    log = tmp_path / "recorder.log"
    command = [sys.executable, "-c", STUCK.replace("'results'", repr(RESULTS_QUEUE))]
    with running_recorder(backend.settings, log, command=command) as process:
        sender = ResultSender(own_redis.broker_url)
        sender.result(graded(run))
        sender.close()
        assert eventually(lambda: "recording" in log.read_text()), log.read_text()
        process.terminate()
        assert process.wait(120) == 1, log.read_text()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.hlen("unacked.recorder") == 1, "the next recorder would not get the result"
