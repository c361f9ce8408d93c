"""What it costs to choose the next jobs as the queue grows: 100, 1,000 and 10,000 runs that wait.

    .venv/bin/python -m benchmarks.queue_length [--waiting 100,1000,10000] [--repeat 20] [--postgres]

Each length gets a new database: SQLite in a folder, or PostgreSQL (GRADER_TEST_POSTGRES_URL names a server; without
it one is started for the time being). Three runs wait for each student of two courses. Workers begin what the broker
holds, and the service's own dispatcher hands out what then has room to a broker that takes everything.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from benchmarks.dashboard import counted
from benchmarks.machine import machine, spread
from grader.audit.service import Actor
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db import migrate
from grader.db.base import new_id
from grader.db.models import Run, RunStatus, User
from grader.outbox.service import JobWriter
from grader.queueing import order
from grader.queueing.dispatching import Dispatcher
from grader.settings import Settings
from grader.time import utc_now
from grader.wiring import Backend
from tests.support.databases import postgres_database, postgres_server
from tests.support.queue_rows import WaitingRun, add_waiting
from worker.contract import JobMessage, Queue

SEEDER = Actor.system("benchmark")
ATTEMPTS = 3
WINDOW = 40  # half of it is handed out in one choice, as with runs of a quarter of a second on two slots


@dataclass
class Broker:
    """Takes everything at once."""

    jobs: list[str] = field(default_factory=list)

    def __call__(self, job: JobMessage) -> None:
        self.jobs.append(job.run_id)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--waiting", default="100,1000,10000")
    parser.add_argument("--repeat", type=int, default=20, help="choices")
    parser.add_argument("--postgres", action="store_true")
    chosen = parser.parse_args()
    print(f"# choosing the next jobs, {'PostgreSQL' if chosen.postgres else 'SQLite'}\n{machine()}", flush=True)
    with postgres_server() if chosen.postgres else nullcontext("") as server:
        for waiting in map(int, chosen.waiting.split(",")):
            with database(server) as settings:
                measure(settings, waiting, chosen.repeat)


@contextmanager
def database(server: str) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="grader-q-") as folder:
        with postgres_database(server) if server else nullcontext("") as url:
            settings = Settings.load(home=Path(folder), **({"database_url": url} if url else {}))
            migrate.upgrade(settings.database_url)
            yield settings


def measure(settings: Settings, waiting: int, repeat: int) -> None:
    backend, broker = Backend.connect(settings), Broker()
    with backend.writing() as session:
        seed(session, waiting, utc_now() - timedelta(hours=1))
    dispatcher = Dispatcher(backend.sessions, broker, JobWriter(backend.signer, settings.internal_url), WINDOW)
    dispatcher.dispatch()
    walls, cpus, queries = [], [], []
    before = len(broker.jobs)
    for _ in range(repeat):
        begin(backend, WINDOW // 2)
        wall, cpu = time.perf_counter(), time.process_time()
        with counted(backend.engine) as statements:
            dispatcher.dispatch([Queue.CPU])
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
        queries.append(len(statements))
    chosen = len(broker.jobs) - before
    with backend.reading() as session:
        wall = time.perf_counter()
        order.order_of(session, Queue.CPU, utc_now())
        whole = 1000 * (time.perf_counter() - wall)
    backend.close()
    print(f"{waiting:6} wait: a choice {spread(walls, 'ms', 1)}, {chosen / repeat:.1f} jobs in each,", end=" ")
    print(f"{sum(cpus) / max(chosen, 1):.1f} ms of this process a job, at most {max(queries)} queries;", end=" ")
    print(f"putting all in order {whole:.0f} ms", flush=True)


def begin(backend: Backend, number: int) -> None:
    """Workers take up so many of the jobs that the broker holds, and have done with those before."""
    with backend.writing() as session:
        held = select(Run.id).where(Run.status == RunStatus.QUEUED, Run.dispatched_at.is_not(None)).limit(number)
        begun = session.scalars(held).all()
        session.execute(update(Run).where(Run.status == RunStatus.RUNNING).values(status=RunStatus.DONE))
        session.execute(update(Run).where(Run.id.in_(begun)).values(status=RunStatus.RUNNING))


# --- seeding ---------------------------------------------------------------------------------------------------


def seed(session: Session, waiting: int, began: datetime) -> None:
    published = [_publish(session, number) for number in range(2)]
    session.flush()
    people: list[dict[str, Any]] = []
    runs: list[WaitingRun] = []
    for number in range(waiting):
        if number % ATTEMPTS == 0:
            user = {"id": new_id(), "email": f"s{number}@example.org", "name": f"S {number}", "active": True}
            people.append({**user, "created_at": began})
        assignment, version = published[number // ATTEMPTS % 2]
        at = began + timedelta(milliseconds=100 * number)
        runs.append(WaitingRun(people[-1]["id"], assignment, version, number % ATTEMPTS + 1, at))
    session.execute(insert(User), people)
    add_waiting(session, runs)


def _publish(session: Session, number: int) -> tuple[str, str]:
    course = courses.create_course(session, slug=f"course-{number}", title=f"Course {number}", by=SEEDER)
    release = Release(slug="exercise", title="Exercise", digest="d" * 64, max_score=10.0)
    published = courses.publish_assignment(session, course=course, release=release, by=SEEDER)
    return published.assignment.id, published.version.id


if __name__ == "__main__":
    main()
