"""A course whose broker, workers and clock do what a test wants: anything. Services and database are the real ones."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from grader.db.models import Run, RunStatus, Submission, SubmissionStatus
from grader.grading import service as grading
from grader.grading.outcomes import Recorded
from grader.grading.queries import ACTIVE
from grader.grading.rules import GradingRules
from grader.grading.sweeping import BrokerView, sweep
from grader.outbox.errors import BrokerDown
from grader.settings import Settings
from grader.time import utc_now
from grader.wiring import Backend
from tests.support.databases import sqlite_template
from tests.support.world import MAX_SCORE, World, failed, graded, make_world
from worker.contract import (
    HandBack,
    HandedBackMessage,
    JobMessage,
    Queue,
    ResultMessage,
    StartedMessage,
)

SWEEP_S = 60.0  # rarely, so that a test gets far in time with few sweeps
RULES = GradingRules(sweep_s=SWEEP_S)
SETTLED_WITHIN = 60  # rounds


@lru_cache(maxsize=1)
def _world() -> World:
    """Made once in a process; each test begins with a copy of its database."""
    home = Path(tempfile.mkdtemp(prefix="grader-chaos-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    shutil.copy(sqlite_template(home), home / "grader.db")
    backend = Backend.connect(Settings.load(home=home, secret_key="for-tests-only-" * 3))
    world = replace(make_world(backend), rules=RULES)
    backend.engine.dispose()
    shutil.copy(home / "grader.db", home / "fresh.db")
    return world


@dataclass
class Working:
    """A worker with the job that it has begun."""

    name: str
    process: str
    job: JobMessage

    def news(self) -> StartedMessage:
        return StartedMessage(self.job.run_id, self.job.lease, self.name, self.process)

    def back(self, why: HandBack) -> HandedBackMessage:
        return HandedBackMessage(self.job.run_id, self.job.lease, self.name, self.process, why, "it died")


News = StartedMessage | HandedBackMessage | ResultMessage


class Course:
    """`jobs` and `news` are what the broker holds for workers and recorder; a test may do to both what it likes."""

    def __init__(self) -> None:
        self.jobs: list[JobMessage] = []
        self.news: list[News] = []
        self.working: list[Working] = []
        self.down = False
        self.submissions: list[str] = []
        self.counted: Counter[str] = Counter()  # recorded results of each run
        self._starts = 0
        world = _world()
        backend = world.backend
        for leftover in backend.settings.home.glob("grader.db-*"):
            leftover.unlink()
        shutil.copy(backend.settings.home / "fresh.db", backend.settings.home / "grader.db")
        dispatcher = replace(backend.dispatcher, publish=self._publish, window_least=5)
        self.world = replace(world, backend=replace(backend, dispatcher=dispatcher), now=utc_now())

    def close(self) -> None:
        self.world.backend.engine.dispose()

    def _publish(self, job: JobMessage) -> None:
        if self.down:
            raise BrokerDown("the test says so")
        self.jobs.append(job)

    # What happens

    def submit(self) -> None:
        number = len(self.submissions)
        student = self.world.student if number % 2 else self.world.other
        self.submissions.append(self.world.submit(f"x = {number}", student=student).submission.id)

    def take(self, job: JobMessage) -> None:
        self.jobs.remove(job)
        self._starts += 1
        worker = Working(f"w{self._starts % 3}", f"start-{self._starts}", job)
        self.working.append(worker)
        self.news.append(worker.news())

    def finish(self, worker: Working, *, well: bool = True) -> None:
        self.working.remove(worker)
        run = Run(id=worker.job.run_id, lease=worker.job.lease)
        score = self.score_of(worker.job.submission_id)
        self.news.append(graded(run, score, worker=worker.name) if well else failed(run))

    def stop(self, worker: Working) -> None:
        self.working.remove(worker)
        self.news.append(worker.back(HandBack.STOPPING))
        self.jobs.append(worker.job)

    def die(self, worker: Working) -> None:
        self.working.remove(worker)
        self.news.append(worker.back(HandBack.DIED))

    def deliver(self, message: News) -> None:
        """What the recorder does with a message; and that it counts only what it may count."""
        self.news.remove(message)
        before = self.run(message.run_id)
        with self.world.backend.writing() as session:
            now = self.world.now
            if isinstance(message, StartedMessage):
                grading.heartbeat(session, message, now, RULES)
                return
            if isinstance(message, HandedBackMessage):
                grading.hand_back(session, message, now, RULES)
                return
            outcome = grading.record(session, message, now, RULES)
        may = before.status.is_active and before.lease == message.lease
        assert isinstance(outcome, Recorded) == may, (before.status, outcome)
        self.counted[message.run_id] += isinstance(outcome, Recorded)

    def sweep(self) -> None:
        view = BrokerView(dict.fromkeys(Queue, len(self.jobs)), len(self.news))
        with self.world.backend.writing() as session:
            sweep(session, self.world.now, RULES, view)
        self.dispatch()

    def dispatch(self) -> None:
        self.world.backend.dispatcher.dispatch(now=self.world.now)

    def settle(self) -> None:
        """The storm is over: workers live, the broker keeps what it gets, staff run again what was given up."""
        self.down = False
        self.world.now = max(self.world.now, utc_now())
        for _ in range(SETTLED_WITHIN):
            for job in list(self.jobs):
                self.take(job)
            for worker in list(self.working):
                self.finish(worker)
            while self.news:
                self.deliver(self.news[0])
            if not self.jobs and self._at_rest():
                return
            self.world.later(SWEEP_S * 2)
            self.sweep()
        raise AssertionError(self._rows())

    def _at_rest(self) -> bool:
        rows = self._rows()
        given_up = [row.id for row in rows if row.status is SubmissionStatus.FAILED]
        for submission_id in given_up:
            self.world.rerun(submission_id, release=True)
        return not given_up and all(row.status.is_final for row in rows)

    # What must hold

    def score_of(self, submission_id: str) -> float:
        """The points that the notebook is worth, whoever grades it, and whenever."""
        return float(self.submissions.index(submission_id) % int(MAX_SCORE)) + 1.0

    def run(self, run_id: str) -> Run:
        with self.world.backend.reading() as session:
            return session.get_one(Run, run_id)

    def _rows(self) -> Sequence[Any]:
        """Each submission, with how many runs of it wait or run, and what counts of it."""
        own = select(func.count()).where(Run.submission_id == Submission.id)
        active, running = own.where(Run.status.in_(ACTIVE)), own.where(Run.status == RunStatus.RUNNING)
        counted = aliased(Run)
        query = select(
            Submission.id, Submission.status, Submission.quarantined_at, active.scalar_subquery().label("active"),
            running.scalar_subquery().label("running"),
            counted.id.label("counted"), counted.status.label("counted_status"), counted.score,
        ).outerjoin(counted, counted.id == Submission.counted_run_id)  # fmt: skip
        with self.world.backend.reading() as session:
            return session.execute(query).all()

    def check(self) -> None:
        assert all(times <= 1 for times in self.counted.values()), "a result was counted twice"
        for row in self._rows():
            assert row.active == (0 if row.status.is_final else 1), row
            assert row.running == (1 if row.status is SubmissionStatus.RUNNING else 0), row
            if row.status is SubmissionStatus.GRADED:
                assert row.counted is not None, row
            if row.counted is not None:
                assert row.counted_status is RunStatus.DONE, row
                assert row.score == self.score_of(row.id), row
                assert self.counted[row.counted] == 1, row
            if row.quarantined_at is not None:
                assert row.active == 0, "a worker may get what is in quarantine"
