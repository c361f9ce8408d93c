"""A small course with people in it, made through the services, for tests of the grader."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from assignments.metadata import AnswerField
from grader.accounts import service as accounts
from grader.audit.service import Actor
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db.models import Assignment, Course, Grade, Role, Run, Source, Submission, User
from grader.grading import rerunning
from grader.grading import service as grading
from grader.grading.outcomes import RecordOutcome, Swept
from grader.grading.rules import GradingRules
from grader.grading.sweeping import BrokerView, sweep
from grader.outbox.service import JobWriter
from grader.queueing.dispatching import Dispatcher
from grader.submissions import queries
from grader.submissions import service as submissions
from grader.submissions.service import Accepted
from grader.time import utc_now
from grader.wiring import Backend
from worker.contract import (
    CellSummary,
    CheckResult,
    GradeStatus,
    HandBack,
    HandedBackMessage,
    JobMessage,
    ResultMessage,
    Seconds,
    StartedMessage,
    Verdict,
)

TEST = Actor.system("test")
MAX_SCORE = 10.0
RELEASE = Release(
    slug="loss-1-regression",
    title="Loss 1",
    digest="d" * 64,
    max_score=MAX_SCORE,
    answers=(AnswerField("ratio", "The ratio"), AnswerField("volume", "The volume")),
)


def notebook(source: str = "x = 1") -> bytes:
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


@dataclass
class World:
    """`now` is a clock that the tests turn: nothing here waits."""

    backend: Backend
    course: Course
    assignment: Assignment
    student: User
    other: User
    instructor: User
    now: datetime = field(default_factory=utc_now)
    rules: GradingRules = field(default_factory=GradingRules)

    def later(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def submit(self, source: str = "x = 1", *, student: User | None = None, answers: dict[str, str] | None = None,
               filename: str = "mine.ipynb") -> Accepted:  # fmt: skip
        upload = submissions.receive(self.backend.blobs, data=notebook(source), filename=filename, max_bytes=1 << 20)
        with self.backend.writing() as session:
            return submissions.accept(
                session,
                upload=upload,
                student=student or self.student,
                assignment=self.assignment,
                answers=answers or {},
                source=Source.WEB,
            )

    def publish(self, **changes: object) -> courses.PublishedAssignment:
        with self.backend.writing() as session:
            release = replace(RELEASE, **changes)  # type: ignore[arg-type]
            return courses.publish_assignment(session, course=self.course, release=release, by=TEST)

    def start(self, run: Run, worker: str = "w1", process: str = "") -> object:
        with self.backend.writing() as session:
            return grading.start(session, StartedMessage(run.id, run.lease, worker, process), self.now, self.rules)

    def hand_back(self, run: Run, why: HandBack, worker: str = "w1", process: str = "") -> object:
        message = HandedBackMessage(run.id, run.lease, worker, process, why, "it died" if why is HandBack.DIED else "")
        with self.backend.writing() as session:
            return grading.hand_back(session, message, self.now, self.rules)

    def heartbeat(self, run: Run, worker: str = "w1") -> object:
        with self.backend.writing() as session:
            return grading.heartbeat(session, StartedMessage(run.id, run.lease, worker), self.now, self.rules)

    def record(self, message: ResultMessage) -> RecordOutcome:
        with self.backend.writing() as session:
            return grading.record(session, message, self.now, self.rules)

    def dispatcher(self, publish: Callable[[JobMessage], None], least: int = 100) -> Dispatcher:
        """What sends jobs on, with a broker of the test's own."""
        return Dispatcher(self.backend.sessions, publish, JobWriter(self.backend.signer, "http://grader"), least)

    def sweep(self, view: BrokerView) -> Swept:
        with self.backend.writing() as session:
            return sweep(session, self.now, self.rules, view)

    def rerun(self, *submission_ids: str, release: bool = False) -> list[Run]:
        by, reason = Actor.of(self.instructor), "the check was mended"
        with self.backend.writing() as session:
            return rerunning.rerun(session, submission_ids=submission_ids, by=by, reason=reason, release=release).runs

    def submission(self, submission_id: str) -> Submission:
        with self.backend.reading() as session:
            found = queries.get(session, submission_id)
            assert found is not None
            return found

    def grade(self, student: User | None = None) -> Grade | None:
        with self.backend.reading() as session:
            return queries.grade_of(session, student_id=(student or self.student).id, assignment_id=self.assignment.id)


def make_world(backend: Backend) -> World:
    with backend.writing() as session:
        course = courses.create_course(session, slug="dl", title="Deep learning", by=TEST)
        people = [
            accounts.create_user(session, email=f"{name}@example.org", name=name.title(), by=TEST)
            for name in ("ada", "bob", "ines")
        ]
        for user, role in zip(people, (Role.STUDENT, Role.STUDENT, Role.INSTRUCTOR), strict=True):
            courses.enrol(session, user=user, course=course, role=role, by=TEST)
        published = courses.publish_assignment(session, course=course, release=RELEASE, by=TEST)
    student, other, instructor = people
    return World(backend, course, published.assignment, student, other, instructor)


def graded(run: Run, score: float = 7.0, *, max_score: float = MAX_SCORE, worker: str = "w1") -> ResultMessage:
    check = CheckResult(
        key="nll", title="Likelihood", points=score, max_points=max_score, verdict=Verdict.PARTIAL,
        message="The sign is wrong.", diagnosis="minus-sign", staff_message="seed 17",
    )  # fmt: skip
    return ResultMessage(
        run_id=run.id,
        lease=run.lease,
        status=GradeStatus.GRADED,
        score=score,
        max_score=max_score,
        checks=(check,),
        seconds=Seconds(1.5, 1.0, 0.5),
        cells=(CellSummary(0, "ok", 0.1),),
        notices=("One cell failed.",),
        worker=worker,
        peak_memory_mib=120.0,
    )


def failed(run: Run, text: str = "the kernel did not start") -> ResultMessage:
    message = graded(run, 0.0)
    return replace(message, status=GradeStatus.FAILED, max_score=0.0, checks=(), cells=(), staff_text=text)


def rejected(run: Run, reason: str = "The notebook has no code.") -> ResultMessage:
    return replace(failed(run, ""), status=GradeStatus.REJECTED, reason=reason)
