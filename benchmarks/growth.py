"""What a submission costs as a course grows: from 1,000 to 1,000,000 stored runs, on PostgreSQL.

    .venv/bin/python -m benchmarks.growth [--most 1000000] [--repeat 15]

For each size a new database is filled in bulk (GRADER_TEST_POSTGRES_URL names a server; without it one is started
for the time being). Then, with nothing else going on, are measured: accepting an upload until its job is with the
broker, recording a result, a page of everybody's submissions, and the figures of an assignment and of the course,
the last three through the application.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select

from benchmarks.dashboard import STAFF, seed
from benchmarks.machine import machine, spread
from grader import embedded_redis
from grader.accounts import service as accounts
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db import migrate
from grader.db.models import Assignment, Role, Run, Source, User
from grader.grading import service as grading
from grader.settings import Settings
from grader.submissions import service as submissions
from grader.time import utc_now
from grader.web.app import create_app
from grader.wiring import Backend
from tests.support.databases import postgres_database, postgres_server
from worker.contract import CheckResult, GradeStatus, ResultMessage, Seconds, StartedMessage, Verdict

SEEDER = Actor.system("benchmark")
SLUG = "exercise-1"
WORKER = "benchmark"


@dataclass(frozen=True)
class Size:
    students: int
    assignments: int
    attempts: int

    @property
    def runs(self) -> int:
        return self.students * self.assignments * self.attempts


SIZES = (Size(50, 10, 2), Size(250, 10, 4), Size(1000, 20, 5), Size(2500, 20, 20))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=1_000_000, help="no larger than so many runs")
    parser.add_argument("--repeat", type=int, default=15)
    chosen = parser.parse_args()
    print(f"# a submission in a growing course, PostgreSQL\n{machine()}", flush=True)
    with postgres_server() as server, tempfile.TemporaryDirectory(prefix="grader-g-") as folder:
        redis = embedded_redis.start(Path(folder) / "redis")
        try:
            for size in (size for size in SIZES if size.runs <= chosen.most):
                with postgres_database(server) as url:
                    migrate.upgrade(url)
                    home = Path(folder) / str(size.runs)
                    measure(
                        Settings.load(home=home, database_url=url, broker_url=redis.broker_url), size, chosen.repeat
                    )
        finally:
            redis.stop()


def measure(settings: Settings, size: Size, repeat: int) -> None:
    backend = Backend.connect(settings)
    began = time.perf_counter()
    with backend.writing() as session:
        seed(session, size.students, size.assignments, size.attempts)
    print(f"\n{size.runs} runs: {size}, seeded in {time.perf_counter() - began:.0f} s")
    accept, record = hand_in_and_record(backend, repeat)
    print(f"  accept an upload, job with the broker   {spread(accept, 'ms', 1)}")
    print(f"  record a result                         {spread(record, 'ms', 1)}")
    with backend.writing() as session:
        staff = session.scalars(select(User).where(User.email == STAFF)).one()
        token = accounts.issue_token(session, user=staff, label="b", scopes=("read", "staff"), by=SEEDER).secret
    backend.close()
    client = create_app(settings).test_client()
    for text, path in (
        ("list of everybody's submissions", f"/api/v1/assignments/{SLUG}/submissions/all"),
        ("dashboard of the assignment", f"/api/v1/assignments/{SLUG}/dashboard"),
        ("dashboard of the course", "/api/v1/courses/large/dashboard"),
    ):
        print(f"  {text:39} {spread(asked(client, path, token, repeat), 'ms', 1)}", flush=True)


def asked(client: FlaskClient, path: str, token: str, repeat: int) -> list[float]:
    def ask() -> None:
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:200]}")

    ask()
    return [milliseconds(ask) for _ in range(repeat)]


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def hand_in_and_record(backend: Backend, repeat: int) -> tuple[list[float], list[float]]:
    with backend.reading() as session:
        assignment = session.scalars(select(Assignment).where(Assignment.slug == SLUG)).one()
        people = courses.people_of(session, assignment.course_id)
        students = [each.user for each in people if each.role is Role.STUDENT][: repeat + 1]
        version = courses.current_version(session, assignment.id)
        assert version is not None
        checks = tuple(
            CheckResult(spec.key, spec.title, 0.0, spec.points, Verdict.FAILED, "It is not right.")
            for spec in release_of(version).checks
        )
    accept, record = [], []
    for number, student in enumerate(students):
        runs: list[Run] = []
        accept.append(
            milliseconds(lambda n=number, who=student, to=runs: to.append(hand_in(backend, assignment, who, n)))
        )
        with backend.writing() as session:
            message = StartedMessage(runs[0].id, runs[0].lease, WORKER)
            grading.start(session, message, utc_now(), backend.rules)
        result = ResultMessage(
            run_id=runs[0].id, lease=runs[0].lease, status=GradeStatus.GRADED, score=0.0,
            max_score=version.max_score, checks=checks, seconds=Seconds(2.0, 1.5, 0.5), worker=WORKER,
        )  # fmt: skip
        record.append(milliseconds(lambda message=result: take(backend, message)))
    return accept[1:], record[1:]


def hand_in(backend: Backend, assignment: Assignment, student: User, number: int) -> Run:
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": f"x = {number}",
        "outputs": [],
        "execution_count": None,
    }
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()
    upload = submissions.receive(backend.blobs, data=data, filename="work.ipynb", max_bytes=1 << 20)
    with backend.writing() as session:
        accepted = submissions.accept(
            session, upload=upload, student=student, assignment=assignment, answers={}, source=Source.API
        )
    return accepted.run


def take(backend: Backend, message: ResultMessage) -> None:
    with backend.writing() as session:
        grading.record(session, message, utc_now(), backend.rules)


if __name__ == "__main__":
    main()
