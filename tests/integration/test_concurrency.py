"""The same thing at the same moment, on a real PostgreSQL (and SQLite, with its one writer): it happens once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from grader.db.engine import make_engine
from grader.db.models import Blob, Run, RunStatus, Submission, SubmissionStatus
from grader.db.session import make_sessions, read_only, unit_of_work
from grader.embedded_redis import EmbeddedRedis
from grader.grading.outcomes import Duplicate, Recorded, Stale, Swept
from grader.grading.sweeping import BrokerView
from grader.wiring import Backend
from tests.support.world import World, graded, make_world
from worker.contract import Queue


def together(*actions: Callable[[], object]) -> list[object]:
    """Run the actions in threads that begin together; what each returned or raised."""
    barrier = threading.Barrier(len(actions))
    results: list[object] = [None] * len(actions)

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = actions[index]()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [result for result in results if result is not None]


def kinds(results: Sequence[object]) -> Counter[type]:
    return Counter(type(result) for result in results)


def test_recorders_with_the_same_result_record_it_once(postgres_world: World) -> None:
    world = postgres_world
    for _ in range(5):
        run = world.submit().run
        results = together(*[partial(world.record, graded(run, 7.0)) for _ in range(6)])
        assert kinds(results) == {Recorded: 1, Duplicate: 5}
        assert len(world.submission(run.submission_id).runs[0].checks) == 1


def test_results_of_many_submissions_of_one_student_make_one_right_grade(postgres_world: World) -> None:
    world = postgres_world
    runs = [world.submit(f"x = {i}").run for i in range(8)]
    results = together(*[partial(world.record, graded(run, float(i))) for i, run in enumerate(runs)])
    assert kinds(results) == {Recorded: 8}
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.submission_id) == (7.0, runs[7].submission_id)


def test_a_rerun_and_a_result_at_once_leave_one_counted_result_or_one_active_run(postgres_world: World) -> None:
    world = postgres_world
    for _ in range(8):
        run = world.submit().run
        world.start(run)
        results = together(
            partial(world.record, graded(run, 7.0)),
            partial(world.rerun, run.submission_id),
            partial(world.heartbeat, run),
            partial(world.rerun, run.submission_id),
        )
        assert not [r for r in results if isinstance(r, BaseException)], results
        runs = world.submission(run.submission_id).runs
        assert [r.status for r in runs].count(RunStatus.QUEUED) == 1
        assert runs[0].status in (RunStatus.DONE, RunStatus.SUPERSEDED)
        assert isinstance(results[0], Recorded | Stale)


def test_sweepers_give_a_lost_run_to_one_other_worker(postgres_world: World) -> None:
    world = postgres_world
    sweep_once = partial(world.sweep, BrokerView({Queue.CPU: 0, Queue.GPU: 0}, 0))
    for _ in range(12):
        sweep_once()
        world.later(5)
    runs = [world.submit(f"x = {i}").run for i in range(3)]
    for run in runs:
        world.start(run)
    for _ in range(6):
        world.later(5)
        sweep_once()
    # The leases end now.
    found = [world.submission(run.submission_id) for run in runs]
    already = sum(len(s.runs) == 2 for s in found)
    world.later(5)
    results = together(*[sweep_once for _ in range(5)])
    assert not [r for r in results if isinstance(r, BaseException)], results
    assert already + sum(r.lost for r in results if isinstance(r, Swept)) == 3
    for run in runs:
        assert [r.status for r in world.submission(run.submission_id).runs] == [RunStatus.LOST, RunStatus.QUEUED]


def test_a_sweep_and_a_late_result_at_once_agree(postgres_world: World) -> None:
    world = postgres_world
    sweep_once = partial(world.sweep, BrokerView({Queue.CPU: 5, Queue.GPU: 0}, 0))
    for _ in range(12):
        sweep_once()
        world.later(5)
    for _ in range(5):
        run = world.submit().run
        world.start(run)
        for _ in range(5):
            world.later(5)
            sweep_once()
        world.later(5.1)
        swept, recorded = together(sweep_once, partial(world.record, graded(run, 7.0)))
        runs = world.submission(run.submission_id).runs
        if isinstance(recorded, Recorded):
            assert [r.status for r in runs] == [RunStatus.DONE]
        else:
            assert isinstance(recorded, Stale)
            assert [r.status for r in runs] == [RunStatus.LOST, RunStatus.QUEUED]
        assert isinstance(swept, Swept)


@pytest.mark.parametrize("same_file", [True, False])
def test_uploads_of_one_student_at_once_get_numbers_of_their_own(postgres_world: World, same_file: bool) -> None:
    world = postgres_world
    results = together(*[partial(world.submit, "x = 1" if same_file else f"x = {i}") for i in range(8)])
    assert not [r for r in results if isinstance(r, BaseException)], results
    with world.backend.reading() as session:
        assert sorted(session.scalars(select(Submission.number))) == list(range(1, 9))
        assert session.scalar(select(func.count()).select_from(Blob)) == (1 if same_file else 8)
        assert session.scalar(select(func.count()).select_from(Run)) == 8


def test_uploads_of_the_same_file_by_different_students_at_once_are_both_taken(postgres_world: World) -> None:
    world = postgres_world
    results = together(*[partial(world.submit, "x = 1", student=student) for student in (world.student, world.other)])
    assert not [r for r in results if isinstance(r, BaseException)], results


def test_many_who_write_at_once_all_get_their_turn_on_sqlite(
    make_database: Callable[[str], str], redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]
) -> None:
    world = make_world(connect(make_database("sqlite"), redis_server.broker_url))

    def hand_in_and_grade(source: str) -> None:
        for number in range(4):
            run = world.submit(f"{source}{number}").run
            world.start(run)
            world.record(graded(run, float(number)))

    results = together(*[partial(hand_in_and_grade, f"x{i} = ") for i in range(8)])
    assert not [r for r in results if isinstance(r, BaseException)], results
    with world.backend.reading() as session:
        assert session.scalar(select(func.count()).where(Submission.status == SubmissionStatus.GRADED)) == 32


def test_writers_that_wait_for_sqlite_leave_the_connections_to_those_who_read(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'grader.db'}")
    sessions, writers = make_sessions(engine), 40  # more than there are connections
    done: list[int] = []

    def write(number: int) -> None:
        with unit_of_work(sessions):
            done.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    with unit_of_work(sessions):
        for thread in threads:
            thread.start()
        with read_only(sessions) as session:
            assert session.scalar(text("SELECT 1")) == 1
        assert done == []
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(writers))
    engine.dispose()
