from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from grader.audit.queries import entries_for
from grader.db.models import Run, RunCause, RunStatus, SubmissionStatus
from grader.grading import quarantine
from grader.grading.errors import InQuarantine
from grader.grading.outcomes import Alive, Recorded, Stale, Swept
from grader.grading.sweeping import BrokerView
from grader.outbox import queries as outbox
from grader.outbox import service
from tests.support.world import World, graded
from worker.contract import HandBack, Queue

EMPTY: Mapping[Queue, int | None] = {Queue.CPU: 0, Queue.GPU: 0}


def sweep_now(world: World, jobs: Mapping[Queue, int | None] = EMPTY, results: int | None = 0) -> Swept:
    return world.sweep(BrokerView(jobs, results))


def sweep_for(
    world: World, seconds: float, jobs: Mapping[Queue, int | None] = EMPTY, results: int | None = 0
) -> list[Swept]:
    """Sweeps every five seconds, as the recorder does."""
    swept = [sweep_now(world, jobs, results)]
    for _ in range(int(seconds / world.rules.sweep_s)):
        world.later(world.rules.sweep_s)
        swept.append(sweep_now(world, jobs, results))
    return swept


def lost(swept: list[Swept]) -> int:
    return sum(s.lost for s in swept)


def sent_again(swept: list[Swept]) -> int:
    return sum(s.dispatched_again for s in swept)


def run_of(world: World, run: Run) -> Run:
    with world.backend.reading() as session:
        return session.get_one(Run, run.id)


@pytest.fixture
def steady(world: World) -> World:
    """The sweeper has been at work for a while."""
    sweep_for(world, 60)
    return world


def test_the_run_of_a_silent_worker_is_given_to_another(steady: World) -> None:
    accepted = steady.submit()
    steady.start(accepted.run)
    assert lost(sweep_for(steady, 25)) == 0
    assert lost(sweep_for(steady, 10)) == 1
    found = steady.submission(accepted.submission.id)
    first, second = found.runs
    assert (first.status, second.status, second.cause, second.attempt) == (
        RunStatus.LOST,
        RunStatus.QUEUED,
        RunCause.LOST,
        2,
    )
    assert first.lease != second.lease
    assert found.status is SubmissionStatus.QUEUED
    assert "w1 fell silent" in first.staff_text
    assert isinstance(steady.record(graded(first, 10.0)), Stale)
    assert isinstance(steady.record(graded(second, 7.0)), Recorded)
    grade = steady.grade()
    assert grade is not None
    assert grade.score == 7.0
    with steady.backend.reading() as session:
        actions = [entry.action for entry in reversed(entries_for(session, "run", first.id))]
    assert actions == ["run.queued", "run.started", "run.lost", "result.refused"]


def test_a_worker_that_gives_signs_of_life_keeps_its_run(steady: World) -> None:
    accepted = steady.submit()
    steady.start(accepted.run)
    for _ in range(10):
        assert lost(sweep_for(steady, 10)) == 0
        steady.heartbeat(accepted.run)
    assert isinstance(steady.record(graded(accepted.run)), Recorded)


def lose_once(world: World, submission_id: str) -> None:
    """A worker of its own takes the submission's run and falls silent."""
    run = world.submission(submission_id).runs[-1]
    world.start(run, worker=f"{submission_id}-{run.number}")
    assert lost(sweep_for(world, 40)) == 1


def test_a_notebook_that_kills_every_worker_is_quarantined_after_three(steady: World) -> None:
    accepted = steady.submit()
    for _ in range(3):
        lose_once(steady, accepted.submission.id)
    found = steady.submission(accepted.submission.id)
    assert (found.status, len(found.runs)) == (SubmissionStatus.FAILED, 3)
    assert found.quarantined_at is not None
    assert "In quarantine: 3 workers died" in found.runs[-1].staff_text
    assert steady.grade() is None
    with steady.backend.reading() as session:
        [listed] = quarantine.listed(session, course_id=steady.course.id)
        actions = [entry.action for entry in entries_for(session, "submission", found.id)]
    assert (listed.submission_id, listed.student, listed.staff_text) == (found.id, "Ada", found.runs[-1].staff_text)
    assert "submission.quarantined" in actions


def test_what_is_in_quarantine_is_run_again_only_when_it_is_released(steady: World) -> None:
    held, free = steady.submit(), steady.submit("y = 2", student=steady.other)
    free_run = free.run
    steady.record(graded(free_run))
    for _ in range(3):
        lose_once(steady, held.submission.id)
    assert [run.submission_id for run in steady.rerun(held.submission.id, free.submission.id)] == [free.submission.id]
    with pytest.raises(InQuarantine):
        steady.rerun(held.submission.id)
    [run] = steady.rerun(held.submission.id, release=True)
    assert steady.submission(held.submission.id).quarantined_at is None
    assert isinstance(steady.record(graded(run)), Recorded)
    assert steady.submission(held.submission.id).status is SubmissionStatus.GRADED


def test_where_workers_die_anyway_a_notebook_gets_twice_as_many_tries(steady: World) -> None:
    unlucky = steady.submit()
    others = [steady.submit(f"x = {number}", student=steady.other) for number in range(3)]
    lose_once(steady, unlucky.submission.id)
    for other in others:
        lose_once(steady, other.submission.id)
    for _ in range(2):
        lose_once(steady, unlucky.submission.id)
    assert steady.submission(unlucky.submission.id).status is SubmissionStatus.QUEUED
    for _ in range(3):
        lose_once(steady, unlucky.submission.id)
    assert steady.submission(unlucky.submission.id).quarantined_at is not None
    for other in others:
        assert steady.submission(other.submission.id).status is SubmissionStatus.QUEUED


def test_neighbours_that_go_down_with_one_worker_are_one_death(steady: World) -> None:
    killer = steady.submit()
    neighbours = [steady.submit(f"x = {number}", student=steady.other) for number in range(6)]
    for number in range(3):
        run = steady.submission(killer.submission.id).runs[-1]
        for each in (run, neighbours[2 * number].run, neighbours[2 * number + 1].run):
            steady.start(each, worker="w1", process=f"start-{number}")
        assert lost(sweep_for(steady, 40)) == 3
    assert steady.submission(killer.submission.id).quarantined_at is not None
    assert all(steady.submission(n.submission.id).status is SubmissionStatus.QUEUED for n in neighbours)


def test_a_run_whose_process_died_is_tried_again_at_once(world: World) -> None:
    accepted = world.submit()
    world.start(accepted.run, process="start-1")
    assert isinstance(world.hand_back(accepted.run, HandBack.DIED, process="start-1"), Alive)
    found = world.submission(accepted.submission.id)
    assert [run.status for run in found.runs] == [RunStatus.LOST, RunStatus.QUEUED]
    assert "w1: it died" in found.runs[0].staff_text


def test_a_run_that_a_stopping_worker_hands_back_waits_again_and_costs_no_try(world: World) -> None:
    accepted = world.submit()
    world.start(accepted.run, process="start-1")
    assert isinstance(world.hand_back(accepted.run, HandBack.STOPPING, process="start-1"), Alive)
    found = world.submission(accepted.submission.id)
    [run] = found.runs
    assert (run.status, run.attempt, run.lease, run.worker) == (RunStatus.QUEUED, 1, accepted.run.lease, None)
    assert found.status is SubmissionStatus.QUEUED
    world.start(run, worker="w2", process="start-2")
    assert isinstance(world.hand_back(run, HandBack.STOPPING, process="start-1"), Stale), "it comes late"
    assert run_of(world, run).status is RunStatus.RUNNING
    assert isinstance(world.record(graded(run)), Recorded)
    assert isinstance(world.hand_back(run, HandBack.DIED, process="start-2"), Stale)


def test_after_an_outage_workers_get_time_to_be_heard_again(steady: World) -> None:
    accepted = steady.submit()
    steady.start(accepted.run)
    steady.later(3600)  # the grader was off for an hour; the worker was not
    assert lost(sweep_for(steady, 25)) == 0
    steady.heartbeat(accepted.run)
    assert lost(sweep_for(steady, 25)) == 0
    assert isinstance(steady.record(graded(accepted.run)), Recorded)


@pytest.mark.parametrize("results", [None, 5_000], ids=["broker down", "many results waiting"])
def test_workers_that_cannot_be_heard_are_not_held_silent(steady: World, results: int | None) -> None:
    accepted = steady.submit()
    steady.start(accepted.run)
    assert lost(sweep_for(steady, 300, results=results)) == 0
    assert lost(sweep_for(steady, 25)) == 0
    assert lost(sweep_for(steady, 15)) == 1  # it is silent indeed


def test_a_job_that_the_broker_lost_is_sent_again_under_its_lease(world: World) -> None:
    run = world.submit().run
    assert sent_again(sweep_for(world, 10)) == 0
    assert sent_again(sweep_for(world, 10)) == 1
    again = run_of(world, run)
    assert (again.lease, again.status) == (run.lease, RunStatus.QUEUED)


def test_it_is_sent_again_ever_more_rarely(world: World) -> None:
    world.submit()

    def sends_in(seconds: float) -> int:
        count = 0
        for _ in range(int(seconds / 5)):
            world.later(5)
            swept = sweep_now(world)
            count += swept.dispatched_again
            with world.backend.sessions() as session:  # the broker takes it and loses it again
                run = session.scalars(select(Run).where(Run.status == RunStatus.QUEUED)).one()
                if swept.dispatched_again:
                    run.dispatched_at = world.now
                session.commit()
        return count

    assert sends_in(600) == 5  # after 15, 30, 60, 120, 240 s


@pytest.mark.parametrize("depth", [3, None])
def test_a_run_that_waits_in_a_long_queue_is_left_alone(world: World, depth: int | None) -> None:
    world.submit()
    assert sent_again(sweep_for(world, 3600, jobs={Queue.CPU: depth, Queue.GPU: 0})) == 0


def test_a_job_that_was_overtaken_is_sent_again_though_the_queue_is_long(world: World) -> None:
    first = world.submit("a").run
    second = world.submit("b").run
    with world.backend.writing() as session:
        assert first.dispatched_at is None  # the object of before the sending
        session.get_one(Run, first.id).dispatched_at = world.now - timedelta(seconds=120)
    assert sent_again(sweep_for(world, 10, jobs={Queue.CPU: 50, Queue.GPU: 0})) == 0
    world.start(second)
    swept = sweep_now(world, jobs={Queue.CPU: 50, Queue.GPU: 0})
    assert swept.dispatched_again == 1
    with world.backend.reading() as session:
        assert run_of(world, first).dispatches == 2 or outbox.waiting_job_of(session, first.id) is not None


def test_a_job_that_is_still_owed_is_not_owed_twice(world: World) -> None:
    run = world.submit().run
    with world.backend.writing() as session:
        service.add_job(session, session.get_one(Run, run.id), due=world.now + timedelta(hours=1))
    assert sent_again(sweep_for(world, 60)) == 0


HOURS = 2 * 3600.0


def test_a_worker_that_dies_when_the_clock_was_set_back_is_noticed_as_soon_as_ever(steady: World) -> None:
    run = steady.submit().run
    steady.start(run)
    steady.later(-HOURS)
    assert lost(sweep_for(steady, 25)) == 0
    assert lost(sweep_for(steady, 40)) == 1


def test_a_clock_set_back_takes_no_run_from_a_worker_that_lives(steady: World) -> None:
    run = steady.submit().run
    steady.start(run)
    steady.later(-HOURS)
    for _ in range(6):
        assert lost(sweep_for(steady, 10)) == 0
        steady.heartbeat(run)
    steady.later(2 * HOURS)  # and forward again, further than it was
    for _ in range(6):
        assert lost(sweep_for(steady, 10)) == 0
        steady.heartbeat(run)
    assert isinstance(steady.record(graded(run, 7.0)), Recorded)


def test_a_job_that_waits_for_its_next_try_does_not_wait_longer_because_the_clock_was_set_back(steady: World) -> None:
    run = steady.submit().run
    steady.later(-HOURS)
    sweep_now(steady)
    with steady.backend.reading() as session:
        owed = outbox.waiting_job_of(session, run.id)
        sent = session.get_one(Run, run.id).dispatched_at
    assert (owed.next_try_at if owed else sent) == steady.now


def test_jobs_of_today_are_not_overtaken_by_those_of_a_clock_that_was_set_back(steady: World) -> None:
    before = steady.submit().run
    steady.start(before)
    steady.record(graded(before, 7.0))
    steady.later(-HOURS)
    sweep_for(steady, 40)
    waits = steady.submit(student=steady.other).run
    with steady.backend.writing() as session:
        session.get_one(Run, waits.id).dispatched_at = steady.now
    assert sent_again(sweep_for(steady, 45, jobs={Queue.CPU: 5})) == 0
