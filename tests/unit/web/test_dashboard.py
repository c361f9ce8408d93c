from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import event

from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.dashboard import service
from grader.db.models import Role, User
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, SLUG, World, finish, submit
from worker.contract import GradeStatus, Verdict

COURSE = "/courses/dl-2026/dashboard"
ASSIGNMENT = f"/courses/dl-2026/assignments/{SLUG}/dashboard"
WRONG = (Verdict.FAILED,) * 6
RIGHT = (Verdict.PASSED,) * 6


@contextmanager
def counted_queries(world: World) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(world.backend.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(world.backend.engine, "before_cursor_execute", note)


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def enrol(world: World, name: str, full: str) -> User:
    with world.backend.writing() as s:
        user = accounts.create_user(s, email=f"{name}@example.org", name=full)
        courses.enrol(s, user=user, course=world.course, role=Role.STUDENT, by=ADMIN)
    return user


def test_the_figures_of_an_assignment_are_those_of_what_was_handed_in(world: World) -> None:
    for _ in range(3):
        finish(world, submit(world, "sam").id, WRONG)
    finish(world, submit(world, "sue").id, RIGHT)
    finish(world, submit(world, "sue").id, status=GradeStatus.REJECTED, reason="no code")
    submit(world, "sue")
    with world.backend.reading() as s:
        figures = service.assignment_figures(s, world.assignment, utc_now())
    counts = figures.counts
    assert (counts.submitted, counts.graded, counts.failed, counts.waiting, counts.late) == (6, 4, 1, 1, 0)
    assert counts.students == 2
    assert counts.mean_share == 0.5
    assert figures.scores == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert [day.submitted for day in figures.days] == [6]
    assert {check.pass_rate for check in figures.checks} == {0.5}
    assert [check.verdicts for check in figures.checks] == [{"passed": 1, "failed": 1}] * 6
    assert [(m.students, m.attempts, len(m.examples)) for m in figures.misconceptions] == [(1, 3, 3)] * 6
    assert [(s.email, s.attempts, s.best_share) for s in figures.needs.stuck] == [("sam@example.org", 3, 0.0)]
    assert figures.needs.not_started == []
    assert figures.turnaround.runs == 5
    assert sum(queue.waiting for queue in figures.queues) == 1
    assert [(w.name, w.finished) for w in figures.workers] == [("worker-1", 5)]


def test_late_counts_against_the_students_own_date(world: World) -> None:
    submit(world, "sam")
    with world.backend.writing() as s:
        assignment = s.merge(world.assignment)
        assignment.due_at = datetime(2020, 1, 1, tzinfo=UTC)
    with world.backend.reading() as s:
        assert service.assignment_figures(s, world.assignment, utc_now()).counts.late == 1


def test_other_courses_do_not_count(world: World) -> None:
    finish(world, submit(world, "sam").id, RIGHT)
    with world.backend.reading() as s:
        figures = service.course_figures(s, world.other.id, utc_now())
    assert [c.submitted for c in figures.assignments] == [0]
    assert figures.scores == [0] * 10
    assert figures.needs.students == 1


def test_the_number_of_queries_does_not_grow_with_the_course(world: World, ida: Browser) -> None:
    finish(world, submit(world, "sam").id)
    taken = []
    for extra in (0, 12):
        for number in range(extra):
            enrol(world, f"more-{number}", f"More {number}")
            submit(world, "sue")
        with counted_queries(world) as statements, world.backend.reading() as s:
            service.course_figures(s, world.course.id, utc_now())
            service.assignment_figures(s, world.assignment, utc_now())
        taken.append(len(statements))
    assert taken[0] == taken[1] <= 24


def test_the_pages_show_the_figures_and_every_table_is_a_file(world: World, ida: Browser) -> None:
    enrol(world, "newcomer", "=cmd|' /C calc'!A0")
    for _ in range(3):
        finish(world, submit(world, "sam").id, WRONG)
    course = ida.client.get(COURSE).text
    assert "Have not started" in course
    assert ASSIGNMENT in course
    page = ida.client.get(ASSIGNMENT).text
    assert "percentage for proportion" in page
    assert page.count('<svg class="bars"') == 2
    assert "style=" not in page
    rows = read_csv(ida.client.get(f"{ASSIGNMENT}/checks.csv").text)
    assert rows[0][:2] == ["Check", "Pass rate"]
    assert len(rows) == 7
    people = read_csv(ida.client.get(f"{ASSIGNMENT}/not-started.csv").text)
    assert ["'=cmd|' /C calc'!A0", "newcomer@example.org", ""] in people, "no spreadsheet may run a name"
    for key in ("days", "scores", "mistakes", "stuck", "queues", "workers"):
        assert ida.client.get(f"{ASSIGNMENT}/{key}.csv").mimetype == "text/csv"
    assert ida.client.get(f"{ASSIGNMENT}/nothing.csv").status_code == 404


def test_an_empty_course_has_a_dashboard(ida: Browser) -> None:
    assert "Nobody is stuck" in ida.client.get(COURSE).text
    assert "Nothing has been graded yet" in ida.client.get(ASSIGNMENT).text


def test_programs_get_the_same_figures(app: Flask, world: World) -> None:
    finish(world, submit(world, "sam").id, WRONG)
    client = app.test_client()
    headers = {"Authorization": f"Bearer {world.tokens['ida']}"}
    course = client.get("/api/v1/courses/dl-2026/dashboard", headers=headers).json
    assert [a["submitted"] for a in course["assignments"]] == [1]
    one = client.get(f"/api/v1/assignments/{SLUG}/dashboard?course=dl-2026", headers=headers).json
    assert one["counts"]["graded"] == 1
    assert one["misconceptions"][0]["diagnosis"] == "percentage-for-proportion"
