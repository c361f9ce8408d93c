"""Place in the queue and estimate, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event

from grader.db.models import QueuePause, Run
from grader.queueing import measured
from grader.submissions import queries as submissions
from grader.time import utc_now
from grader.waiting import estimate
from grader.waiting.service import Waiting, waiting_of
from tests.support.world import World, graded
from worker.contract import Queue, Seconds


def waiting(world: World, run: Run) -> Waiting:
    with world.backend.reading() as session:
        return waiting_of(session, session.get_one(Run, run.id), world.now)


def measure(world: World, source: str, seconds: float, worker: str = "w1") -> None:
    run = world.submit(source).run
    world.start(run, worker)
    world.later(seconds)
    world.record(replace(graded(run, worker=worker), seconds=Seconds(seconds, seconds, 0.0)))


def test_the_place_in_the_queue_counts_those_that_wait_before_it(world: World) -> None:
    runs = [world.submit(f"x = {i}").run for i in range(3)]
    assert [waiting(world, run).place for run in runs] == [0, 1, 2]
    world.start(runs[0])
    assert [waiting(world, run).place for run in runs] == [None, 0, 1]
    with world.backend.reading() as session:
        lengths = submissions.queue_lengths(session)
    assert (lengths[Queue.CPU].queued, lengths[Queue.CPU].running, lengths[Queue.GPU].queued) == (2, 1, 0)


def test_an_estimate_comes_with_the_first_measured_run(world: World) -> None:
    first = world.submit("first").run
    assert waiting(world, first).estimate == estimate.NOT_MEASURED
    world.start(first)
    assert waiting(world, first).estimate == estimate.NOT_MEASURED
    world.later(30.0)
    world.record(replace(graded(first), seconds=Seconds(30.0, 29.0, 1.0)))
    second, third = world.submit("second").run, world.submit("third").run
    assert waiting(world, second).estimate == estimate.Estimate(30.0, 15.0, 60.0, 1)  # the worker is free
    behind = waiting(world, third)
    assert behind.place == 1
    assert behind.estimate.seconds == 45.0  # half a run until the slot is free, as far as is known; then its own
    world.start(second)
    world.later(10.0)
    assert waiting(world, second).estimate.seconds == 20.0
    world.later(60.0)
    assert waiting(world, second).estimate.why_not == (
        "No estimate: it already takes longer than the one measured so far."
    )


def test_slots_of_several_workers_are_counted_and_those_of_silent_ones_not(world: World) -> None:
    measure(world, "0", 30.0)
    held = [world.submit(f"held {i}").run for i in range(3)]
    for run, worker in zip(held, ("w1", "w1", "w2"), strict=True):
        world.start(run, worker)
    world.later(5.0)
    run = world.submit("mine").run
    assert waiting(world, run).estimate.seconds == pytest.approx(30.0 / 4 + 30.0)
    world.later(20.0)
    for busy in held[:2]:
        world.heartbeat(busy)
    world.later(15.0)  # w2 was silent for longer than its lease
    assert waiting(world, run).estimate.seconds == pytest.approx(30.0 / 3 + 30.0)


def test_a_queue_held_back_has_no_estimate(world: World) -> None:
    measure(world, "0", 30.0)
    run = world.submit("mine").run
    with world.backend.writing() as session:
        session.add(QueuePause(queue=Queue.CPU, reason="maintenance", paused_by=world.instructor.id))
    assert waiting(world, run).estimate == estimate.HELD_BACK


def test_the_newest_runs_are_measured_and_no_more_than_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "MEASURED_MOST", 3)
    for i in range(5):
        measure(world, str(i), 10.0 * (i + 1))
    with world.backend.reading() as session:
        found = measured.measured_seconds(session, [world.assignment.id, "none"])
    assert {key: sorted(times) for key, times in found.items()} == {world.assignment.id: [30.0, 40.0, 50.0]}


def test_the_number_of_queries_does_not_grow_with_the_queue(world: World) -> None:
    measure(world, "0", 30.0)
    for i in range(12):
        run = world.submit(f"x = {i}").run
    asked: list[str] = []
    with world.backend.reading() as session:
        loaded = session.get_one(Run, run.id)
        assert loaded.version.assignment_id == world.assignment.id
        engine = session.get_bind()

        def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            assert waiting_of(session, loaded, utc_now()).place == 11
        finally:
            event.remove(engine, "before_cursor_execute", note)
    assert len(asked) <= 9
