"""From the candidates that the database finds, the rule picks what it would pick from all that wait."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.db.models import OutboxMessage, QueueShare, QueueState, Run, RunCause, Submission
from grader.queueing.candidates import Waiting, candidates, waiting
from grader.queueing.dispatching import sized
from grader.queueing.queries import lock_state
from grader.queueing.rule import Job, Shares, Turns
from grader.queueing.shares import ROUND, keep_shares, shares_of
from grader.time import utc_now
from tests.support.queue_rows import WaitingRun, add_waiting
from tests.support.world import RELEASE, TEST, World
from worker.contract import Queue

STUDENTS, ASSIGNMENTS, COURSES = 7, 2, 2
EXAMPLES = 30


@dataclass(frozen=True)
class Assigned:
    course: str
    assignment: str
    version: str


@dataclass(frozen=True)
class Places:
    students: list[str]
    assigned: list[Assigned]


@pytest.fixture
def places(world: World) -> Places:
    with world.backend.writing() as session:
        students = [
            accounts.create_user(session, email=f"q{n}@example.org", name=f"Q {n}", by=TEST).id for n in range(STUDENTS)
        ]
        assigned = []
        for number in range(COURSES):
            course = courses.create_course(session, slug=f"c{number}", title="A course", by=TEST)
            for one in range(ASSIGNMENTS):
                release = replace(RELEASE, slug=f"a{one}")
                made = courses.publish_assignment(session, course=course, release=release, by=TEST)
                assigned.append(Assigned(course.id, made.assignment.id, made.version.id))
    return Places(students, assigned)


def some_wait(session: Session, places: Places, chance: random.Random, began: datetime) -> None:
    """Attempts of some students, many of them at the same times, and some that staff have graded again."""
    session.execute(delete(OutboxMessage))
    session.execute(delete(Run))
    session.execute(delete(Submission))
    rows, students = [], chance.sample(places.students, chance.randint(1, STUDENTS))
    assigned = chance.sample(places.assigned, chance.randint(1, len(places.assigned)))
    for student in students:
        for each in assigned:
            for number in range(chance.randint(1, 2), chance.randint(2, 5)):
                at = began + timedelta(seconds=chance.randint(0, 20))
                cause = RunCause.RERUN if chance.random() < 0.25 else RunCause.SUBMITTED
                rows.append(WaitingRun(student, each.assignment, each.version, number, at, cause))
    add_waiting(session, rows)


def some_were_served(session: Session, places: Places, chance: random.Random) -> None:
    session.execute(delete(QueueShare))
    session.execute(delete(QueueState))
    clock = chance.choice((0.0, 30.0))
    session.add(QueueState(queue=Queue.CPU, picks=chance.randint(0, 16), clock=clock))
    for course in {each.course for each in places.assigned}:
        given = {"": clock + chance.choice((0.5, 40.0)), ROUND: float(chance.randint(1, 2))}
        given |= {who: given[ROUND] + chance.randint(1, 3) for who in places.students if chance.random() < 0.5}
        session.add_all(
            QueueShare(queue=Queue.CPU, course_id=course, owner=owner, given=each) for owner, each in given.items()
        )
    session.flush()


def picked(
    rows: list[Waiting], shares: Shares, number: int, room: dict[str, int], seconds: dict[str, float]
) -> list[Job]:
    return list(islice(Turns(sized([each.job for each in rows], seconds), shares, room=room), number))


def test_the_rule_picks_the_same_from_the_candidates_as_from_all_that_wait(world: World, places: Places) -> None:
    chance, now = random.Random(7), utc_now()
    left_out = 0
    with world.backend.writing() as session:
        for _ in range(EXAMPLES):
            some_wait(session, places, chance, now - timedelta(hours=1))
            some_were_served(session, places, chance)
            number = chance.choice((1, 3, 6))
            room = {each.course: chance.randint(0, 3) for each in places.assigned if chance.random() < 0.3}
            seconds = {each.assignment: chance.choice((0.5, 3.0, 40.0)) for each in places.assigned}
            every, near = waiting(session, Queue.CPU, now), candidates(session, Queue.CPU, now, number)
            before = shares_of(session, Queue.CPU).shares
            after, after_near = copy.deepcopy(before), copy.deepcopy(before)
            assert picked(near, after_near, number, room, seconds) == picked(every, after, number, room, seconds)
            assert after_near == after
            left_out += len(every) - len(near)
    assert left_out > 0


def test_of_a_long_queue_only_the_heads_of_the_lines_are_read(world: World, places: Places) -> None:
    now = utc_now()
    began = now - timedelta(hours=1)
    lines = [(student, each) for each in places.assigned for student in places.students]
    rows = [
        WaitingRun(student, each.assignment, each.version, 1, began + timedelta(seconds=n), cause)
        for n, (student, each) in enumerate(lines)
        for cause in (RunCause.RERUN if n % 2 else RunCause.SUBMITTED,)
    ]
    with world.backend.writing() as session:
        add_waiting(session, rows)
        near = candidates(session, Queue.CPU, now, 1)
    kinds = 2 * len(places.assigned)  # handed in, and graded again
    assert len(near) <= 2 * kinds + 2 * COURSES < len(rows)
    assert {each.job.again for each in near} == {True, False}


def test_shares_are_written_as_they_are_and_what_says_nothing_goes(world: World, places: Places) -> None:
    course, (first, second, third, *_) = places.assigned[0].course, places.students
    with world.backend.writing() as session:
        state = lock_state(session, Queue.CPU)
        kept = shares_of(session, Queue.CPU)
        kept.shares.courses[course], kept.shares.rounds[course] = 5.0, 1.0
        kept.shares.turns |= {(course, first): 2.0, (course, second): 3.0}
        keep_shares(session, state, kept)
    with world.backend.writing() as session:
        state = lock_state(session, Queue.CPU)
        kept = shares_of(session, Queue.CPU)
        kept.shares.picks, kept.shares.clock, kept.shares.rounds[course] = 9, 4.0, 2.0
        kept.shares.turns[course, third] = 4.0
        keep_shares(session, state, kept)
    with world.backend.reading() as session:
        found = shares_of(session, Queue.CPU).shares
    assert found == Shares(9, 4.0, {course: 5.0}, {course: 2.0}, {(course, second): 3.0, (course, third): 4.0})
