"""A course's assignments as its staff keep them: their own cases, versions, points, what students see."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from grader.courses import service as courses
from grader.db.models import CaseTry, Run
from grader.grading import service as grading
from grader.time import utc_now
from grader.web import backend as web_backend
from grader.web.app import create_app
from tests.unit.web.conftest import Browser, as_user
from tests.unit.web.test_api_beside_pages import Program
from tests.unit.web.world import ROOT, SLUG, World, finish, score_of, submit, worker_result
from worker.contract import GradeStatus, Verdict

COURSE = "/courses/dl-2026"
PAGE = f"{COURSE}/assignments/{SLUG}/package"
RIGHT = (Verdict.PASSED,) * 6


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of packages of its own, with the one that the course gives, and two of its cases."""
    root = tmp_path / "packages"
    shutil.copytree(ROOT / "assignments" / SLUG, root / SLUG)
    for case in (root / SLUG / "cases").iterdir():
        if case.name not in ("solution", "starter"):
            shutil.rmtree(case)
    return root


@pytest.fixture
def own_app(world: World, shelf: Path) -> Iterator[Flask]:
    app = create_app(world.settings.model_copy(update={"assignments_dir": shelf}))
    yield app
    with app.app_context():
        web_backend.backend().close()


def take(browser: Browser, **fields: str) -> str:
    data = {"csrf_token": browser.token(f"{COURSE}/assignments"), "slug": SLUG, **fields}
    answer = browser.client.post(f"{COURSE}/assignments", data=data)
    assert answer.status_code == 303, answer.text
    return browser.client.get(answer.location).text


def send(browser: Browser, what: str, **fields: str) -> tuple[int, str]:
    answer = browser.client.post(f"{PAGE}/{what}", data={"csrf_token": browser.token(PAGE), **fields})
    return answer.status_code, answer.text


def grade_case(world: World, name: str, *, wrong: bool = False) -> None:
    """As a worker that gets what the case must get, or that finds one check better than it must be."""
    with world.backend.reading() as s:
        tried = s.scalars(select(CaseTry).where(CaseTry.name == name)).one()
    wanted = tried.expected["checks"]
    if wrong:
        wanted = [{**wanted[0], "verdict": "passed", "points": 1.0}, *wanted[1:]]
    message = worker_result(world, tried.submission_id, RIGHT)
    checks = tuple(
        dataclasses.replace(
            check, verdict=Verdict(want["verdict"]), points=want["points"], diagnosis=want["diagnosis"],
            message=" ".join(want["says"]),
        )
        for check, want in zip(message.checks, wanted, strict=True)
    )  # fmt: skip
    message = dataclasses.replace(message, checks=checks, score=sum(check.points for check in checks))
    with world.backend.writing() as s:
        grading.record(s, message, utc_now(), world.backend.rules)


def test_staff_see_whether_the_cases_still_pass_here(own_app: Flask, world: World) -> None:
    ida = as_user(own_app, "ida")
    page = take(ida)  # the files have fewer cases than those that are in force
    assert "They were not tried with version 2." in page
    assert send(ida, "cases")[0] == 303
    assert "Being tried" in ida.client.get(PAGE).text
    grade_case(world, "solution")
    grade_case(world, "starter", wrong=True)
    page = ida.client.get(PAGE).text
    assert "Not as it must be" in page
    assert "1 of 2 cases" in page
    assert "expected 0" in page
    listed = Program(own_app, world, "ida").call("GET", f"/assignments/{SLUG}/package?course=dl-2026")[1]
    assert {case["name"]: case["state"] for case in listed["cases"]} == {"solution": "passed", "starter": "differs"}
    assert (listed["given"]["health"], listed["given"]["passed"]) == ("failed", 1)
    assert "Ida Instructor" not in ida.client.get(f"{COURSE}/gradebook.csv").text
    figures = Program(own_app, world, "ida").call("GET", f"/assignments/{SLUG}/dashboard?course=dl-2026")[1]
    assert figures["counts"]["submitted"] == 0, "what staff try is in no figure"
    assert sum(figures["scores"]) == 0
    assert figures["checks"] == []


def test_cases_are_not_tried_against_files_that_are_not_in_force(own_app: Flask, world: World) -> None:
    status, page = send(as_user(own_app, "tom"), "cases")
    assert status == 409
    assert "Take the new version first" in page


def test_a_new_version_is_taken_and_compared_with_the_one_before(own_app: Flask, world: World, shelf: Path) -> None:
    ida = as_user(own_app, "ida")
    assert "Take the new version" in ida.client.get(PAGE).text
    take(ida)
    checks = shelf / SLUG / "checks.py"
    checks.write_text(f"{checks.read_text()}# mended\n")
    assert "<b>changed</b> since version 2" in ida.client.get(f"{COURSE}/assignments").text
    assert "Version 3 is in force." in take(ida)
    assert "Version 3 was in force." in take(ida)
    page = ida.client.get(f"{PAGE}/versions/3").text
    assert "<ins>+ # mended</ins>" in page
    assert "solution.ipynb" not in page
    assert ida.client.get(f"{PAGE}/versions/3?against=9").status_code == 404
    assert ida.client.get(f"{PAGE}/versions/{10**30}").status_code == 404
    first = Program(own_app, world, "tom").call("GET", f"/assignments/{SLUG}/package/versions/1?course=dl-2026")
    assert first[0] == 404
    assert "Version 1 is the first" in first[1]["detail"]
    seen = Program(own_app, world, "tom").call("GET", f"/assignments/{SLUG}/package/versions/3?course=dl-2026")[1]
    assert [(change["path"], change["what"]) for change in seen["changes"]] == [("checks.py", "changed")]


def test_damaged_and_missing_packages_are_named(own_app: Flask, shelf: Path, world: World) -> None:
    ida = as_user(own_app, "ida")
    (shelf / SLUG / "checks.py").unlink()
    page = ida.client.get(PAGE).text
    assert "checks.py" in page
    assert str(shelf) not in page
    data = {"csrf_token": ida.token(PAGE), "slug": "../../etc"}
    assert ida.client.post(f"{COURSE}/assignments", data=data).status_code == 404
    data["slug"] = SLUG
    assert ida.client.post(f"{COURSE}/assignments", data=data).status_code == 409


def test_a_package_is_added_hidden_and_then_shown(own_app: Flask, shelf: Path, world: World) -> None:
    (shelf / SLUG).rename(shelf / "another-one")
    ida, sam = as_user(own_app, "ida"), as_user(own_app, "sam")
    assert "Add to the course" in ida.client.get(f"{COURSE}/assignments").text
    take(ida, slug="another-one")
    there = f"{COURSE}/assignments/another-one"
    assert sam.client.get(there).status_code == 404
    shown = {"csrf_token": ida.token(f"{there}/package"), "shown": "yes"}
    assert ida.client.post(f"{there}/package/shown", data=shown).status_code == 303
    assert sam.client.get(there).status_code == 200
    take(ida, slug="another-one")  # from a page that was loaded before it was there
    assert sam.client.get(there).status_code == 200


def test_what_a_program_adds_is_hidden_unless_it_says_otherwise(own_app: Flask, shelf: Path, world: World) -> None:
    shutil.copytree(shelf / SLUG, shelf / "another-one")
    (shelf / SLUG).rename(shelf / "one-more")
    program, sam = Program(own_app, world, "ida"), as_user(own_app, "sam")
    for slug, fields, seen in (("another-one", {}, 404), ("one-more", {"shown": True}, 200)):
        assert program.call("POST", f"{COURSE}/packages", {"slug": slug, **fields})[0] == 200
        assert sam.client.get(f"{COURSE}/assignments/{slug}").status_code == seen


def test_points_set_in_the_course_hold_for_what_is_graded_from_then_on(world: World, ida: Browser) -> None:
    with world.backend.reading() as s:
        release = courses.release_of(courses.queries.current_versions(s, [world.assignment.id])[world.assignment.id])
    first = release.checks[0]
    before, later = submit(world), submit(world, "sue")
    finish(world, before.id, RIGHT)
    status, _ = send(ida, "points", **{f"points-{first.key}": f"{first.points * 3:g}", "version": "1"})
    assert status == 303
    assert score_of(world) == release.max_score, "what was graded keeps its points"
    finish(world, later.id, RIGHT)
    assert score_of(world, "sue") == release.max_score, "its run was for the version before"
    again = submit(world, "sue")
    finish(world, again.id, (Verdict.PARTIAL, *RIGHT[1:]))
    wanted = release.max_score - first.points + first.points * 3 * 0.4
    with world.backend.reading() as s:
        run = s.scalars(select(Run).where(Run.submission_id == again.id)).one()
        assert (run.score, run.max_score) == (pytest.approx(wanted), release.max_score + 2 * first.points)
        assert run.outcome is GradeStatus.GRADED
    assert f"({first.points:g} in the package)" in re.sub(r"\s+", " ", ida.client.get(PAGE).text)
    status, page = send(ida, "points", **{f"points-{first.key}": "5", "version": "1"})
    assert status == 409
    assert "was changed by somebody else" in page


@pytest.mark.parametrize("typed", ["0", "-1", "much", "nan", "1.005", "1e9"])
def test_points_that_make_no_sense_are_refused(world: World, ida: Browser, typed: str) -> None:
    with world.backend.reading() as s:
        version = courses.queries.current_versions(s, [world.assignment.id])[world.assignment.id]
    status, page = send(ida, "points", **{f"points-{courses.release_of(version).checks[0].key}": typed, "version": "1"})
    assert status == 422
    assert f'value="{typed}"' in page
