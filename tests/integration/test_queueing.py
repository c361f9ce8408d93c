"""Jobs on their way to the broker: few at a time, in the order of the rule, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.db.models import Course, Role, Run, RunStatus, User
from grader.outbox.errors import BrokerDown
from grader.queueing import order
from grader.time import utc_now
from grader.waiting.service import waiting_of
from tests.support.world import RELEASE, TEST, World, graded
from worker.contract import JobMessage, Seconds

LEAST = 4


class Sent:
    """A broker that remembers what it was given; `down` while it cannot be reached."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.down = False

    def __call__(self, job: JobMessage) -> None:
        if self.down:
            raise BrokerDown("down")
        self.runs.append(job.run_id)


@pytest.fixture
def sent(world: World) -> Sent:
    """What the world's own backend hands to the broker."""
    broker = Sent()
    object.__setattr__(world.backend, "dispatcher", world.dispatcher(broker, LEAST))
    return broker


def student(world: World, name: str, course: Course | None = None) -> User:
    with world.backend.writing() as session:
        user = accounts.create_user(session, email=f"{name}@example.org", name=name, by=TEST)
        courses.enrol(session, user=user, course=course or world.course, role=Role.STUDENT, by=TEST)
    return user


def finish(world: World, run: Run, seconds: float = 1.0) -> None:
    world.start(run)
    world.record(replace(graded(run), seconds=Seconds(seconds, seconds, 0.0)))


def drain(world: World, sent: Sent, runs: dict[str, Run]) -> list[str]:
    """Workers take up one job after the other until none is left."""
    done = 0
    while done < len(sent.runs):
        finish(world, runs[sent.runs[done]])
        done += 1
    return sent.runs


def set_terms(world: World, **terms: object) -> None:
    with world.backend.writing() as session:
        session.get_one(Course, world.course.id).queue_terms = terms


def test_the_broker_holds_a_few_and_gets_more_as_workers_begin(world: World, sent: Sent) -> None:
    runs = [world.submit(f"x = {n}").run for n in range(7)]
    assert sent.runs == [run.id for run in runs[:LEAST]]
    world.start(runs[0])
    assert len(sent.runs) == LEAST + 1
    world.record(graded(runs[0]))
    assert len(sent.runs) == LEAST + 1  # its place was free already
    assert sorted(drain(world, sent, {run.id: run for run in runs})[1:]) == sorted(run.id for run in runs[1:])


def test_one_students_flood_does_not_delay_the_first_upload_of_another(world: World, sent: Sent) -> None:
    flood = [world.submit(f"x = {n}").run for n in range(15)]
    first = world.submit("mine", student=world.other).run
    world.start(flood[0])
    assert sent.runs[LEAST] == first.id


def test_a_rerun_of_many_lets_an_upload_pass(world: World, sent: Sent) -> None:
    accepted = [world.submit(f"x = {n}") for n in range(LEAST * 3)]
    drain(world, sent, {each.run.id: each.run for each in accepted})
    again = world.rerun(*(each.submission.id for each in accepted))
    mine = world.submit("mine", student=world.other).run
    sent.runs.clear()
    with world.backend.reading() as session:
        begun = session.scalars(
            select(Run.id).where(Run.status == RunStatus.QUEUED, Run.dispatched_at.is_not(None))
        ).first()
    world.start(next(run for run in again if run.id == begun))
    assert sent.runs == [mine.id]


def test_small_assignments_go_before_huge_ones(world: World, sent: Sent) -> None:
    with world.backend.writing() as session:
        huge = courses.publish_assignment(
            session, course=world.course, release=replace(RELEASE, slug="huge", digest="a" * 64), by=TEST
        ).assignment
    small, world.assignment = world.assignment, huge
    finish(world, world.submit("measured").run, 500.0)
    world.assignment = small
    finish(world, world.submit("measured").run, 2.0)
    sent.runs.clear()
    held = [world.submit(f"x = {n}").run for n in range(LEAST)]
    world.assignment = huge
    large = world.submit("large", student=student(world, "large")).run
    world.assignment = small
    quick = world.submit("quick", student=world.other).run
    assert sent.runs == [run.id for run in held]
    for run in held[:2]:
        world.start(run)
    assert sent.runs[LEAST:] == [quick.id, large.id]


def test_a_course_has_no_more_under_way_than_its_terms_allow(world: World, sent: Sent) -> None:
    set_terms(world, running_most=2)
    runs = [world.submit(f"x = {n}", student=who).run for n in range(3) for who in (world.student, world.other)]
    assert len(sent.runs) == 2
    by_id = {run.id: run for run in runs}
    world.start(by_id[sent.runs[0]])
    assert len(sent.runs) == 2
    world.record(graded(by_id[sent.runs[0]]))
    assert len(sent.runs) == 3
    assert sorted(
        drain(world, sent, {key: run for key, run in by_id.items() if key != sent.runs[0]} | by_id)
    ) == sorted(by_id)


def test_another_process_goes_on_where_the_last_one_stopped(world: World, sent: Sent) -> None:
    """What was given is in the database: turns are not forgotten with the process that gave them."""
    flood = [world.submit(f"x = {n}").run for n in range(12)]
    others = [world.submit(f"y = {n}", student=world.other).run for n in range(3)]
    for run in flood[:4]:
        object.__setattr__(world.backend, "dispatcher", world.dispatcher(sent, LEAST))
        world.start(run)
    assert sent.runs[LEAST:] == [others[0].id, flood[LEAST].id, flood[LEAST + 1].id, others[1].id]


def test_a_job_that_never_left_for_the_broker_keeps_its_place(world: World, sent: Sent) -> None:
    sent.down = True
    runs = [world.submit(f"x = {n}").run for n in range(LEAST + 2)]
    sent.down = False
    later = utc_now() + timedelta(minutes=5)
    assert world.dispatcher(sent, LEAST).dispatch(now=later).sent == LEAST
    assert sent.runs == [run.id for run in runs[:LEAST]]


def test_dispatchers_together_never_fill_more_than_the_window(postgres_world: World) -> None:
    world, sent = postgres_world, Sent()
    sent.down = True
    object.__setattr__(world.backend, "dispatcher", world.dispatcher(sent, 1))
    expected = {world.submit(f"x = {n}").run.id for n in range(20)}
    later, sent.down = utc_now() + timedelta(minutes=5), False
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        world.dispatcher(sent, 6).dispatch(now=later)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent.runs) == len(set(sent.runs)) == 6
    assert set(sent.runs) <= expected


def test_places_follow_the_order_of_the_rule(world: World, sent: Sent) -> None:
    flood = [world.submit(f"x = {n}").run for n in range(LEAST + 5)]
    mine = world.submit("mine", student=world.other).run
    with world.backend.reading() as session:
        places = [waiting_of(session, session.get_one(Run, run.id), utc_now()).place for run in (*flood, mine)]
    assert places[:LEAST] == list(range(LEAST))
    assert places[-1] == LEAST  # before all of the flood that waits
    assert sorted(place for place in places if place is not None) == list(range(len(places)))


def test_a_long_queue_is_put_in_order_once_for_all_who_ask(
    world: World, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "_orders", order._Orders())  # what is kept here is nothing to other tests
    monkeypatch.setattr(order, "LONG", 3)
    monkeypatch.setattr(order, "FRESH_LEAST_S", 600.0)
    made: list[object] = []
    whole = order.order_of
    monkeypatch.setattr(order, "order_of", lambda *args: (made.append(args), whole(*args))[1])
    runs = [world.submit(f"x = {n}").run for n in range(LEAST + 4)]
    with world.backend.reading() as session:
        for run in runs[LEAST:]:
            waiting_of(session, session.get_one(Run, run.id), utc_now())
    assert len(made) == 1
