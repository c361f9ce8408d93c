from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from sqlalchemy import select, update

from grader.broker import JobBroker
from grader.db.models import OutboxMessage, Run
from grader.embedded_redis import EmbeddedRedis
from grader.outbox.errors import BrokerDown
from grader.outbox.kinds import RUN_JOB
from grader.outbox.service import JobWriter
from grader.queueing.dispatching import Dispatched, Dispatcher
from grader.time import utc_now
from grader.wiring import Backend
from tests.support.mortal_redis import MortalRedis
from tests.support.world import World, graded, make_world
from worker.contract import TASK_GRADE, JobMessage, Limits, Queue

PATIENCE_S = 2.0  # an upload must have its answer within that, whatever the broker does


@pytest.fixture(params=["sqlite", "postgresql"])
def fragile(
    request: pytest.FixtureRequest,
    make_database: Callable[[str], str],
    own_redis: MortalRedis,
    connect: Callable[[str, str], Backend],
) -> World:
    return make_world(connect(make_database(request.param), own_redis.broker_url))


def waiting_jobs(url: str, queue: str = "cpu") -> list[JobMessage]:
    """What a worker would find in the queue, oldest first."""
    with redis.Redis.from_url(url) as client:
        messages = [json.loads(raw) for raw in reversed(client.lrange(queue, 0, -1))]
    jobs = []
    for message in messages:
        assert message["headers"]["task"] == TASK_GRADE
        assert message["content-type"] == "application/json"
        arguments, _, _ = json.loads(base64.b64decode(message["body"]))
        jobs.append(JobMessage.from_json(arguments[0]))
    return jobs


def owed(world: World) -> list[OutboxMessage]:
    with world.backend.reading() as session:
        query = select(OutboxMessage).where(OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None))
        return list(session.scalars(query))


def make_due(world: World) -> None:
    with world.backend.writing() as session:
        for message in session.scalars(select(OutboxMessage).where(OutboxMessage.kind == RUN_JOB)):
            message.next_try_at = utc_now() - timedelta(seconds=1)


def test_the_job_of_an_accepted_notebook_is_in_the_queue_at_once(world: World, redis_server: EmbeddedRedis) -> None:
    accepted = world.submit(answers={"ratio": "1.221"})
    (job,) = waiting_jobs(redis_server.url)
    assert (job.run_id, job.submission_id, job.lease) == (
        accepted.run.id,
        accepted.submission.id,
        accepted.run.lease,
    )
    assert (job.assignment, job.assignment_version) == ("loss-1-regression", "d" * 64)
    assert (job.answers, job.limits, job.queue, job.attempt) == ({"ratio": "1.221"}, Limits(), Queue.CPU, 1)
    base, token = job.blob_url.rsplit("/", 1)
    assert base == "http://127.0.0.1:8000/internal/blobs"
    ticket = world.backend.signer.read(token)
    assert ticket is not None
    assert (ticket.run_id, ticket.digest) == (accepted.run.id, job.digest)
    assert owed(world) == []
    with world.backend.reading() as session:
        run = session.get_one(Run, accepted.run.id)
        assert run.dispatched_at is not None
        assert run.dispatches == 1


def test_no_secret_travels_with_a_job(world: World, redis_server: EmbeddedRedis) -> None:
    world.submit()
    (job,) = waiting_jobs(redis_server.url)
    text = json.dumps(job.to_json())
    for secret in (world.backend.settings.secret_key.get_secret_value(), "ada@example.org", "Ada"):
        assert secret not in text


def test_an_assignment_for_the_gpu_goes_to_the_gpu_queue(world: World, redis_server: EmbeddedRedis) -> None:
    world.publish(digest="e" * 64, queue=Queue.GPU)
    accepted = world.submit()
    assert waiting_jobs(redis_server.url, "cpu") == []
    assert [job.run_id for job in waiting_jobs(redis_server.url, "gpu")] == [accepted.run.id]


def test_nothing_is_sent_for_a_notebook_that_was_rolled_back(world: World, redis_server: EmbeddedRedis) -> None:
    world.course.id = "not-the-course-of-anybody"
    world.assignment.course_id = world.course.id
    with pytest.raises(Exception, match="not in the course"):
        world.submit()
    assert waiting_jobs(redis_server.url) == []


def test_an_upload_while_redis_is_dead_is_accepted_quickly_and_sent_when_it_is_back(
    fragile: World, own_redis: MortalRedis
) -> None:
    before = fragile.submit("x = 1")
    own_redis.kill()
    began = time.monotonic()
    during = [fragile.submit(f"y = {i}") for i in range(10)]
    assert time.monotonic() - began < PATIENCE_S * len(during)  # not one after the other waited for the broker
    assert len(owed(fragile)) == 10
    make_due(fragile)
    assert fragile.backend.dispatch().sent == 0
    own_redis.start()
    time.sleep(2.1)  # the broker's pause after a failure
    make_due(fragile)
    assert fragile.dispatcher(fragile.backend.broker.publish).dispatch() == Dispatched(sent=10)
    assert owed(fragile) == []
    found = [job.run_id for job in waiting_jobs(own_redis.url)]
    # What Redis held when it was killed may be lost with its last second; what was owed is not.
    assert [run_id for run_id in found if run_id != before.run.id] == [a.run.id for a in during]
    after = fragile.submit("z = 1")
    fragile.dispatcher(fragile.backend.broker.publish).dispatch()
    assert waiting_jobs(own_redis.url)[-1].run_id == after.run.id


def test_an_upload_while_redis_hangs_is_accepted_soon(fragile: World, own_redis: MortalRedis) -> None:
    fragile.submit("x = 1")
    with own_redis.hanging():
        began = time.monotonic()
        fragile.submit("x = 2")
        assert time.monotonic() - began < 10 * PATIENCE_S  # without its timeouts it would wait for ever
        assert len(owed(fragile)) == 1
        assert fragile.backend.broker.depth("cpu") is None


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_takes_connections_and_never_answers_is_given_up_soon(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        broker = JobBroker(f"{scheme}://127.0.0.1:{port}//" if scheme == "amqp" else f"redis://127.0.0.1:{port}/0")
        job = JobMessage("r", "s", "l", "a", "v", "d", "http://u", Limits())
        began = time.monotonic()
        with pytest.raises(BrokerDown):
            broker.publish(job)
        assert time.monotonic() - began < 10 * PATIENCE_S
        with pytest.raises(BrokerDown, match="it was down a moment ago"):  # nobody waits for it a second time
            broker.publish(job)
        broker.close()


def test_a_broker_that_fails_often_and_comes_back_is_used_again(own_redis: MortalRedis) -> None:
    broker = JobBroker(own_redis.broker_url, pause_s=0)
    job = JobMessage("r", "s", "l", "a", "v", "d", "http://u", Limits())
    broker.publish(job)
    own_redis.kill()
    for _ in range(30):  # more often than the pool has connections
        with pytest.raises(BrokerDown):
            broker.publish(job)
    own_redis.start()
    for _ in range(20):
        broker.publish(job)
    assert len(waiting_jobs(own_redis.url)) >= 20
    broker.close()


def test_a_job_that_is_not_due_yet_waits(world: World) -> None:
    run = world.submit().run
    world.record(replace(graded(run), score=999.0))  # refused: to be tried again in five seconds
    sent: list[str] = []
    own = world.dispatcher(lambda job: sent.append(job.run_id))
    now = utc_now()
    assert (own.dispatch(now=now), sent) == (Dispatched(), [])
    own.dispatch(now=now + timedelta(seconds=6))
    assert len(sent) == 1
    assert sent[0] != run.id


def test_a_job_whose_run_is_over_is_never_sent(fragile: World, own_redis: MortalRedis) -> None:
    own_redis.kill()
    accepted = fragile.submit()
    fragile.rerun(accepted.submission.id)
    make_due(fragile)
    sent: list[str] = []
    fragile.dispatcher(lambda job: sent.append(job.run_id)).dispatch()
    assert len(sent) == 1
    assert sent[0] != accepted.run.id
    assert owed(fragile) == []


def test_a_job_whose_run_is_over_is_closed_where_nothing_else_is_owed(fragile: World, own_redis: MortalRedis) -> None:
    own_redis.kill()
    accepted = fragile.submit()
    fragile.start(accepted.run)  # its message got out after all
    fragile.record(graded(accepted.run))
    make_due(fragile)
    assert len(owed(fragile)) == 1
    sent: list[str] = []
    fragile.dispatcher(lambda job: sent.append(job.run_id)).dispatch()
    assert (owed(fragile), sent) == ([], [])


class SlowWriter(JobWriter):
    """Takes its time while the rows are claimed, so that other dispatchers come by meanwhile."""

    def message(self, run: Run) -> JobMessage:
        time.sleep(0.01)
        return super().message(run)


def test_dispatchers_at_work_together_send_each_job_once(postgres_world: World, redis_server: EmbeddedRedis) -> None:
    world = postgres_world
    expected = {world.submit(f"x = {i}").run.id for i in range(20)}
    with world.backend.writing() as session:
        for message in session.scalars(select(OutboxMessage).where(OutboxMessage.kind == RUN_JOB)):
            message.dispatched_at, message.next_try_at = None, utc_now() - timedelta(seconds=1)
        session.execute(update(Run).values(dispatched_at=None))
    sent: list[str] = []
    slow = SlowWriter(world.backend.signer, "http://grader")
    barrier = threading.Barrier(4)

    def dispatch() -> None:
        barrier.wait()
        Dispatcher(world.backend.sessions, lambda job: sent.append(job.run_id), slow, 100).dispatch()

    threads = [threading.Thread(target=dispatch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == sorted(expected)


def test_the_length_of_a_queue_is_known(world: World) -> None:
    assert world.backend.broker.depth("cpu") == 0
    world.submit("a")
    world.submit("b")
    assert world.backend.broker.depth("cpu") == 2
