"""How long staff pages take with a large course: 1,000 students, 20 assignments, 3 attempts each, on PostgreSQL.

    .venv/bin/python -m benchmarks.dashboard [--students 1000] [--assignments 20] [--attempts 3] [--repeat 15]

Seeds a new database (GRADER_TEST_POSTGRES_URL names a server; without it one is started for the time being), then
asks the real application for every page, one after the other, and prints the median server time and the number
of queries of each.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Column, ColumnDefault, event, select, text, update
from sqlalchemy.orm import Session

from assignments.loading import load_package
from benchmarks.machine import machine, spread
from grader.accounts import service as accounts
from grader.audit.service import Actor
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db import migrate
from grader.db.base import Base, new_id
from grader.db.models import (
    Assignment,
    AssignmentVersion,
    Blob,
    CheckResultRow,
    Course,
    Enrolment,
    Grade,
    Role,
    Run,
    RunCause,
    RunStatus,
    Source,
    Submission,
    SubmissionStatus,
    User,
)
from grader.settings import Settings
from grader.time import utc_now
from grader.web.app import create_app
from grader.wiring import Backend
from tests.support.databases import postgres_database, postgres_server
from worker.contract import GradeStatus, Queue, Verdict

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "deep-networks-1"  # it has a question that people mark
PASSWORD = "a password for measuring"
STAFF, STUDENT = "staff@example.org", "s0@example.org"
DIGEST = "0" * 64
SEEDER = Actor.system("benchmark")
CHANCE = random.Random(1)  # noqa: S311 - made-up marks, the same ones every time
VERDICTS = (Verdict.PASSED, Verdict.PASSED, Verdict.PASSED, Verdict.PARTIAL, Verdict.FAILED, Verdict.MISSING)
MISTAKES = ("minus-sign", "factor-2", "mean-for-sum", "transposed", "natural-log-for-log10")
Rows = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--assignments", type=int, default=20)
    parser.add_argument("--attempts", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=15)
    chosen = parser.parse_args()
    with postgres_server() as server, postgres_database(server) as url, tempfile.TemporaryDirectory() as home:
        migrate.upgrade(url)
        settings = Settings.load(home=Path(home), database_url=url)
        began = time.perf_counter()
        backend = Backend.connect(settings)
        with backend.writing() as session:
            seed(session, chosen.students, chosen.assignments, chosen.attempts)
        backend.close()
        print(f"# staff pages of a large course, PostgreSQL\n{machine()}")
        print(f"{chosen.students} students × {chosen.assignments} assignments × {chosen.attempts} attempts, ", end="")
        print(f"seeded in {time.perf_counter() - began:.0f} s")
        measure(settings, chosen.repeat)


# --- pages -----------------------------------------------------------------------------------------------------


def pages() -> list[str]:
    course = "/courses/large"
    one = f"{course}/assignments/exercise-1"
    book = f"{course}/gradebook"
    orders = ("sort=total", "sort=total&order=descending", "sort=exercise-1", "section=Group+1", "q=Student+01")
    books = [book, *(f"{book}?{order}" for order in orders), f"{book}?sort=total&page=20"]
    marking = (f"{one}/marking", f"{one}/marking/linear_regions")
    return [f"{course}/dashboard", f"{one}/dashboard", *books, *marking, f"{one}/submissions", "/"]


def student_pages(backend: Backend) -> list[str]:
    """Of the first student: home, an assignment, the result of the last attempt at it, the grades."""
    with backend.reading() as session:
        student = session.scalars(select(User).where(User.email == STUDENT)).one()
        last = select(Submission.id).where(Submission.student_id == student.id).order_by(Submission.created_at.desc())
        submission = session.scalars(last.limit(1)).one()
    return ["/", "/courses/large/assignments/exercise-1", f"/submissions/{submission}", "/courses/large/grades"]


def measure(settings: Settings, repeat: int) -> None:
    app = create_app(settings)
    with app.app_context():
        from grader.web.backend import backend

        connected = backend()
    for email, paths in ((STAFF, pages()), (STUDENT, student_pages(connected))):
        client = app.test_client()
        _sign_in(client, email)
        _measure(client, connected.engine, paths, repeat)


def _measure(client: FlaskClient, engine: Any, paths: Sequence[str], repeat: int) -> None:
    for path in paths:
        with counted(engine) as statements:
            answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")
        queries, taken = len(statements), []
        for _ in range(repeat):
            began = time.perf_counter()
            client.get(path)
            taken.append((time.perf_counter() - began) * 1000)
        print(f"{path:58} {spread(taken, 'ms', 0):32} {queries} queries, {len(answer.data) // 1024} KiB")


@contextmanager
def counted(engine: Any) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def _sign_in(client: FlaskClient, email: str) -> None:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert found
    data = {"email": email, "password": PASSWORD, "csrf_token": found.group(1)}
    assert client.post("/sign-in", data=data).status_code == 302


# --- seeding ---------------------------------------------------------------------------------------------------


def seed(session: Session, students: int, assignments: int, attempts: int) -> None:
    """Rows as the service writes them, in bulk: through the services it would take an hour."""
    now = utc_now()
    course = courses.create_course(session, slug="large", title="A large course", by=SEEDER)
    staff = accounts.create_user(session, email=STAFF, name="Staff", password=PASSWORD)
    courses.enrol(session, user=staff, course=course, role=Role.INSTRUCTOR, by=SEEDER)
    session.add(Blob(digest=DIGEST, size_bytes=1000))
    people = _people(session, course, students, now)
    accounts.set_password(session, user=session.get_one(User, people[0]), password=PASSWORD, by=SEEDER)
    package = load_package(ROOT / "assignments" / PACKAGE).metadata
    for number in range(1, assignments + 1):
        release = Release.from_metadata(package)
        published = courses.publish_assignment(
            session,
            course=course,
            release=Release(**{**vars(release), "slug": f"exercise-{number}", "title": f"Exercise {number}"}),
            by=SEEDER,
        )
        published.assignment.due_at = now - timedelta(days=7 * (assignments - number))
        _assignment(session, published.assignment, published.version, release, people, attempts, now)
    session.execute(text("ANALYZE"))


def _people(session: Session, course: Course, count: int, now: datetime) -> list[str]:
    ids = [new_id() for _ in range(count)]
    users = [
        {"id": i, "email": f"s{n}@example.org", "name": f"Student {n:04}", "active": True, "created_at": now}
        for n, i in enumerate(ids)
    ]
    enrolments = [
        {"id": new_id(), "user_id": i, "course_id": course.id, "role": Role.STUDENT, "section": f"Group {n % 10}"}
        for n, i in enumerate(ids)
    ]
    _insert(session, User, users)
    _insert(session, Enrolment, enrolments)
    return ids


def _assignment(
    session: Session,
    assignment: Assignment,
    version: AssignmentVersion,
    release: Release,
    people: Sequence[str],
    attempts: int,
    now: datetime,
) -> None:
    rows: dict[type[Base], Rows] = {Submission: [], Run: [], CheckResultRow: [], Grade: []}
    for student in people[: int(len(people) * 0.97)]:
        best: tuple[float, str] = (-1.0, "")
        for number in range(1, attempts + 1):
            at = now - timedelta(days=CHANCE.random() * 40)
            submission, run, checks = _attempt(assignment, version, release, student, number, at)
            rows[Submission].append(submission)
            rows[Run].append(run)
            rows[CheckResultRow] += checks
            best = max(best, (run["score"], submission["id"]))
        rows[Grade].append(
            {
                "id": new_id(), "student_id": student, "assignment_id": assignment.id, "score": best[0],
                "max_score": version.max_score, "raw_score": best[0], "computed_score": best[0],
                "submission_id": best[1],
            }
        )  # fmt: skip
    for model, found in rows.items():
        _insert(session, model, found)
    session.execute(
        update(Submission)
        .where(Submission.assignment_id == assignment.id, Run.submission_id == Submission.id)
        .values(counted_run_id=Run.id)
        .execution_options(synchronize_session=False)
    )


def _attempt(
    assignment: Assignment, version: AssignmentVersion, release: Release, student: str, number: int, at: datetime
) -> tuple[dict[str, Any], dict[str, Any], Rows]:
    submission_id, run_id = new_id(), new_id()
    checks: Rows = []
    for position, spec in enumerate(release.checks):
        verdict = Verdict.MANUAL if spec.kind == "manual" else CHANCE.choice(VERDICTS)
        points = {Verdict.PASSED: spec.points, Verdict.PARTIAL: spec.points / 2}.get(verdict, 0.0)
        wrong = verdict in (Verdict.FAILED, Verdict.PARTIAL)
        checks.append(
            {
                "run_id": run_id, "position": position, "key": spec.key, "title": spec.title, "points": points,
                "max_points": spec.points, "verdict": verdict, "message": "The sign is wrong.", "staff_message": "",
                "diagnosis": CHANCE.choice(MISTAKES) if wrong else None,
            }
        )  # fmt: skip
    submission = {
        "id": submission_id, "student_id": student, "assignment_id": assignment.id, "version_id": version.id,
        "digest": DIGEST, "filename": "work.ipynb", "answers": {}, "number": number, "source": Source.WEB,
        "status": SubmissionStatus.GRADED, "created_at": at,
    }  # fmt: skip
    run = {
        "id": run_id, "submission_id": submission_id, "version_id": version.id, "number": 1,
        "cause": RunCause.SUBMITTED, "attempt": 1, "status": RunStatus.DONE, "outcome": GradeStatus.GRADED,
        "queue": Queue.CPU, "lease": "x", "worker": "worker-1", "created_at": at, "started_at": at,
        "finished_at": at + timedelta(seconds=CHANCE.random() * 20), "seconds_total": 3.0, "seconds_execute": 2.0,
        "seconds_overhead": 1.0, "score": sum(c["points"] for c in checks), "max_score": version.max_score,
        "notices": [], "reason": "", "staff_text": "", "cells": [], "peak_memory_mib": 100.0, "dispatches": 1,
    }  # fmt: skip
    return submission, run, checks


def _insert(session: Session, model: type[Base], rows: Rows) -> None:
    """By COPY, as a million runs have eight million checks: through INSERT they would take most of an hour."""
    if not rows:
        return
    dialect = session.get_bind().dialect
    columns = [c for c in model.__table__.columns if c.key in rows[0] or c.default is not None]
    as_stored = [c.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value) for c in columns]
    names = ", ".join(f'"{c.name}"' for c in columns)
    session.flush()  # rows that these point to
    cursor = session.connection().connection.cursor()
    with cursor.copy(f'COPY "{model.__tablename__}" ({names}) FROM STDIN') as copy:
        for row in rows:
            values = (row[c.key] if c.key in row else _default(c) for c in columns)
            copy.write_row([store(value) for store, value in zip(as_stored, values, strict=True)])


def _default(column: Column[Any]) -> Any:
    made = column.default
    assert isinstance(made, ColumnDefault)
    return made.arg(None) if callable(made.arg) else made.arg


if __name__ == "__main__":
    main()
