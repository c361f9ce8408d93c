"""A small course in a real database (made by the migrations), and what happens in it, through the services."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from assignments.loading import load_package
from assignments.policy import DatesSpec
from grader.accounts import service as accounts
from grader.accounts.queries import user_by_email
from grader.audit.service import Actor
from grader.courses import queries as course_queries
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db.models import Assignment, Course, Grade, Role, Run, Source, Submission, User
from grader.grading import service as grading
from grader.settings import Settings
from grader.submissions import service as submissions
from grader.time import utc_now
from grader.wiring import Backend
from worker.contract import CellSummary, CheckResult, GradeStatus, ResultMessage, Seconds, StartedMessage, Verdict

ROOT = Path(__file__).resolve().parents[3]
SLUG = "coursework-4-hyperspheres"
PASSWORD = "correct horse battery"
PEOPLE = {
    "sam": "Sam Student",
    "sue": "Sue Ünlü",
    "tom": "Tom Assistant",
    "ida": "Ida Instructor",
    "olga": "Olga Other",
}
Row = TypeVar("Row")
ADMIN = Actor.system("test")


@dataclass(frozen=True)
class World:
    """People: sam and sue (students), tom (teaching assistant), ida (instructor) of `course`; olga is a student
    of `other`, which gives an assignment of the same name."""

    backend: Backend
    people: dict[str, User]
    tokens: dict[str, str]
    course: Course
    other: Course
    assignment: Assignment

    @property
    def settings(self) -> Settings:
        return self.backend.settings


def make_settings(home: Path, **changes: object) -> Settings:
    """Settings of a service of its own, whose broker is not there unless a test says so."""
    return Settings.load(home=home, **changes)


def make_world(settings: Settings) -> World:
    backend = Backend.connect(settings)
    release = Release.from_metadata(load_package(ROOT / "assignments" / SLUG).metadata)
    with backend.writing() as s:
        tokens = {}
        people = {
            name: accounts.create_user(s, email=f"{name}@example.org", name=full, password=PASSWORD)
            for name, full in PEOPLE.items()
        }
        for name, user in people.items():
            scopes = ("read", "submit", "staff")
            tokens[name] = accounts.issue_token(s, user=user, label="test", scopes=scopes, by=ADMIN).secret
        course = courses.create_course(s, slug="dl-2026", title="Deep Learning 2026", by=ADMIN)
        other = courses.create_course(s, slug="dl-2025", title="Deep Learning 2025", by=ADMIN)
        for name, role in (("sam", Role.STUDENT), ("sue", Role.STUDENT), ("tom", Role.TA), ("ida", Role.INSTRUCTOR)):
            courses.enrol(s, user=people[name], course=course, role=role, by=ADMIN)
        courses.enrol(s, user=people["olga"], course=other, role=Role.STUDENT, by=ADMIN)
        dates = DatesSpec(due_at=utc_now() + timedelta(days=3))
        published = courses.publish_assignment(s, course=course, release=release, dates=dates, by=ADMIN)
        courses.publish_assignment(s, course=other, release=release, by=ADMIN)
    return World(backend, people, tokens, course, other, published.assignment)


def open_world(settings: Settings, tokens: dict[str, str]) -> World:
    """The world that `make_world` left in a home of which `settings.home` is a copy."""
    backend = Backend.connect(settings)
    with backend.reading() as s:
        people = {name: _found(user_by_email(s, f"{name}@example.org")) for name in PEOPLE}
        course, other = (_found(course_queries.course_by_slug(s, slug)) for slug in ("dl-2026", "dl-2025"))
        assignment = _found(course_queries.assignment_in_course(s, course_id=course.id, slug=SLUG))
    return World(backend, people, tokens, course, other, assignment)


def _found(row: Row | None) -> Row:
    assert row is not None
    return row


def notebook(*sources: str) -> bytes:
    """The bytes of a notebook with these code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for i, source in enumerate(sources or ("x = 1",))
    ]
    info = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": info}, "nbformat": 4, "nbformat_minor": 5}).encode()


def submit(
    world: World, who: str = "sam", data: bytes | None = None, answers: dict[str, str] | None = None
) -> Submission:
    settings = world.settings
    upload = submissions.receive(
        world.backend.blobs, data=data or notebook(), filename="my work.ipynb", max_bytes=settings.max_upload_bytes
    )
    with world.backend.writing() as s:
        return submissions.accept(
            s,
            upload=upload,
            student=world.people[who],
            assignment=world.assignment,
            answers=answers or {},
            source=Source.WEB,
        ).submission


def active_run(world: World, submission_id: str) -> Run:
    with world.backend.reading() as s:
        runs = s.scalars(select(Run).where(Run.submission_id == submission_id).order_by(Run.number.desc()))
        return _found(runs.first())


def start(world: World, submission_id: str) -> Run:
    run = active_run(world, submission_id)
    with world.backend.writing() as s:
        grading.start(s, StartedMessage(run.id, run.lease, "worker-1"), utc_now(), world.backend.rules)
    return run


MIXED = (Verdict.PASSED, Verdict.PARTIAL, Verdict.FAILED, Verdict.PASSED, Verdict.MISSING, Verdict.ERROR)
SHARES = {Verdict.PASSED: 1.0, Verdict.PARTIAL: 0.4}
MESSAGES = {
    Verdict.PASSED: "Right for all 12 inputs.",
    Verdict.PARTIAL: "Right in even dimensions, wrong in odd ones: 7 of 12 values differ, by at most 31 %.",
    Verdict.FAILED: "The values are percentages; a proportion between 0 and 1 was asked for.",
    Verdict.MISSING: "The field was left empty.",
    Verdict.ERROR: "ZeroDivisionError: division by zero, in line 4: return 1 / (n - n)",
}


def finish(
    world: World,
    submission_id: str,
    verdicts: Sequence[Verdict] = MIXED,
    *,
    status: GradeStatus = GradeStatus.GRADED,
    reason: str = "",
) -> ResultMessage:
    """Record the result that a worker would send, through the real service."""
    message = worker_result(world, submission_id, verdicts, status=status, reason=reason)
    with world.backend.writing() as s:
        grading.record(s, ResultMessage.from_json(message.to_json()), utc_now(), world.backend.rules)
    return message


def worker_result(
    world: World,
    submission_id: str,
    verdicts: Sequence[Verdict] = MIXED,
    *,
    status: GradeStatus = GradeStatus.GRADED,
    reason: str = "",
) -> ResultMessage:
    """What a worker sends that has taken the submission's run and is done with it."""
    run = start(world, submission_id)
    with world.backend.reading() as s:
        specs = courses.release_of(s.get_one(Run, run.id).version).with_points({}).checks  # a worker has the package
    graded = status is GradeStatus.GRADED
    checks = tuple(
        CheckResult(
            key=spec.key,
            title=spec.title,
            points=round(spec.points * SHARES.get(verdict, 0.0), 2),
            max_points=spec.points,
            verdict=verdict,
            message=MESSAGES.get(verdict, "See above."),
            diagnosis="percentage-for-proportion" if verdict is Verdict.FAILED else None,
            staff_message=f"staff only: seed 42, check {spec.key}",
        )
        for spec, verdict in zip(specs, verdicts, strict=True)
    )
    return ResultMessage(
        run_id=run.id,
        lease=run.lease,
        status=status,
        score=sum(check.points for check in checks) if graded else 0.0,
        max_score=sum(check.max_points for check in checks) if graded else 0.0,
        checks=checks if graded else (),
        seconds=Seconds(4.2, 3.6, 0.6),
        cells=(CellSummary(0, "ok", 0.1), CellSummary(6, "error", 0.2, "ZeroDivisionError: division by zero")),
        notices=("`!wget` was not run: the data it fetches is already in the working folder.",) if graded else (),
        reason=reason,
        staff_text="staff only: worker log",
        worker="worker-1",
        peak_memory_mib=412.0,
    )


def submission_of(world: World, submission_id: str) -> Submission:
    with world.backend.reading() as s:
        return s.get_one(Submission, submission_id)


def score_of(world: World, who: str = "sam") -> float | None:
    """Of the only grade that somebody has."""
    with world.backend.reading() as s:
        return s.scalar(select(Grade.score).where(Grade.student_id == world.people[who].id))
