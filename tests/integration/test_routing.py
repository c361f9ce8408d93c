"""Where runs wait, on both databases, as workers with and without GPUs come and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from grader.db.models import AuditEntry, Run
from grader.queueing import routing
from grader.time import utc_now
from grader.waiting import service as waiting
from grader.wiring import Backend
from grader.workers import service as workers
from tests.support.world import World, make_world
from worker.contract import Queue
from worker.contract.announcement import SILENT_S, DeviceHealth, DeviceState, WorkerMessage

DEVICE = DeviceState("GPU-a", "NVIDIA H100", DeviceHealth.READY, 80_000)


@pytest.fixture
def world(backend: Backend) -> World:
    return make_world(backend)


def announce(world: World, queue: str, slots: int, *devices: DeviceState) -> None:
    message = WorkerMessage(f"{queue}@host", queue, 1, (queue,), (queue,), slots, (), 0.0, devices)
    with world.backend.writing() as session:
        workers.seen(session, message, utc_now())


def flexible(world: World, **more: object) -> None:
    world.publish(digest="e" * 64, device="gpu-or-cpu", **more)


def queues(world: World, *runs: Run) -> list[Queue]:
    with world.backend.reading() as session:
        return [session.get_one(Run, run.id).queue for run in runs]


def reroute(world: World, later_s: float = 0.0) -> int:
    with world.backend.writing() as session:
        return routing.reroute(session, utc_now() + timedelta(seconds=later_s))


def test_without_a_gpu_worker_a_run_that_can_do_without_waits_for_a_cpu(world: World) -> None:
    flexible(world)
    assert queues(world, world.submit().run) == [Queue.CPU]
    announce(world, "gpu", 1, DEVICE)  # nobody takes from the queue `cpu` at all
    assert queues(world, world.submit(student=world.other).run) == [Queue.GPU]


def test_a_busy_cpu_sends_it_to_a_gpu_that_is_free_well_and_large_enough(world: World) -> None:
    announce(world, "cpu", 1)
    world.start(world.submit().run)  # an assignment of the queue `cpu` has the only slot
    announce(world, "gpu", 1, DEVICE)
    flexible(world, gpu_memory_mib=40_000)
    assert queues(world, world.submit(student=world.other).run) == [Queue.GPU]
    announce(world, "gpu", 1, replace(DEVICE, health=DeviceHealth.SICK, problem="Xid 79"))
    assert queues(world, world.submit(student=world.instructor).run) == [Queue.CPU]
    announce(world, "gpu", 1, replace(DEVICE, memory_mib=8_000))
    with world.backend.reading() as session:
        assert routing.slots_alive(session, Queue.GPU, utc_now(), 40_000) == 0
        assert routing.slots_alive(session, Queue.GPU, utc_now(), 4_000) == 1


def test_runs_leave_a_queue_that_nobody_takes_jobs_from_any_more(world: World) -> None:
    announce(world, "gpu", 1, DEVICE)
    flexible(world)
    run = world.submit().run
    assert queues(world, run) == [Queue.GPU]
    assert reroute(world) == 0
    announce(world, "cpu", 1)
    world.backend.dispatch()  # the broker has the job, and the GPU's worker falls silent
    with world.backend.writing() as session:
        session.get_one(Run, run.id).dispatched_at = utc_now()
        for view in workers.views(session):
            if view.node.node == "cpu@host":
                view.node.heard_at = utc_now() + timedelta(seconds=2 * SILENT_S)
    assert reroute(world, later_s=2 * SILENT_S) == 1
    assert queues(world, run) == [Queue.CPU]
    with world.backend.reading() as session:
        moved = [entry for entry in session.query(AuditEntry) if entry.action == "run.rerouted"]
    assert [entry.object_id for entry in moved] == [run.id]
    assert world.backend.broker.depth("cpu") == 1  # handed out anew


def test_a_run_that_needs_a_gpu_waits_for_one_and_says_so(world: World) -> None:
    announce(world, "cpu", 4)
    world.publish(digest="f" * 64, queue=Queue.GPU, device="gpu", gpu_memory_mib=40_000)
    run = world.submit().run
    assert reroute(world) == 0
    assert queues(world, run) == [Queue.GPU]

    def why() -> str:
        with world.backend.reading() as session:
            return waiting.waiting_of(session, session.get_one(Run, run.id), utc_now()).estimate.why_not

    assert "it needs a GPU, and no worker with one is there now" in why()
    announce(world, "gpu", 1, replace(DEVICE, memory_mib=8_000))
    assert "needs a GPU" in why()  # that one is too small for it
    announce(world, "gpu", 1, DEVICE)
    assert "needs a GPU" not in why()


def test_a_worker_whose_devices_are_all_out_of_service_is_not_told_to_take_jobs(world: World) -> None:
    def order(taking: tuple[str, ...], health: DeviceHealth) -> workers.Order | None:
        message = WorkerMessage("g@host", "g", 1, ("gpu",), taking, 1, (), 0.0, (replace(DEVICE, health=health),))
        with world.backend.writing() as session:
            return workers.seen(session, message, utc_now())

    assert order(("gpu",), DeviceHealth.READY) is None
    assert order((), DeviceHealth.SICK) is None
    assert order((), DeviceHealth.READY) == workers.Order("g@host", ("gpu",), take=True)
