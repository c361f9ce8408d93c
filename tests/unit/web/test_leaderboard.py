"""The leaderboard of a coursework: opt-in, under chosen names, a day late and rounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from assignments.loading import load_package
from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db.models import Assignment, AuditEntry, CheckResultRow, Role, Run, User
from grader.leaderboard.names import folded
from grader.leaderboard.service import rounded
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, PASSWORD, ROOT, World, finish, notebook, submit
from worker.contract import Verdict

SLUG = "coursework-1"
PAGE = f"/courses/dl-2026/assignments/{SLUG}/leaderboard"
API = f"/api/v1/assignments/{SLUG}/leaderboard"
COURSE = {"course": "dl-2026"}
YESTERDAY = timedelta(days=1)


@pytest.fixture
def coursework(world: World) -> World:
    """The world with coursework 1 as its assignment."""
    release = Release.from_metadata(load_package(ROOT / "assignments" / SLUG).metadata)
    with world.backend.writing() as session:
        made = courses.publish_assignment(session, course=world.course, release=release, by=ADMIN).assignment
    return World(world.backend, world.people, world.tokens, world.course, world.other, made)


def measured(world: World, who: str, error: float | None, *, ago: timedelta = YESTERDAY) -> None:
    """A graded attempt whose check measured `error`, some time ago."""
    done = submit(world, who, notebook(f"model = {error}")).id
    finish(world, done, [Verdict.PASSED] * 3)
    with world.backend.writing() as session:
        run = session.scalars(select(Run).where(Run.submission_id == done)).one()
        run.finished_at = utc_now() - ago
        check = CheckResultRow.key == "validation_error"
        session.execute(update(CheckResultRow).where(CheckResultRow.run_id == run.id, check).values(measure=error))


def join(browser: Browser, nickname: str) -> int:
    data = {"csrf_token": browser.token(PAGE), "nickname": nickname}
    return browser.client.post(PAGE, data=data).status_code


def places(app: Flask, world: World, who: str = "sam") -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {world.tokens[who]}"}
    answer = app.test_client().get(API, query_string=COURSE, headers=headers)
    assert answer.json is not None, answer.text
    return list(answer.json["places"])


def browser_of(app: Flask, who: str) -> Browser:
    browser = Browser(app)
    browser.sign_in(who)
    return browser


def test_only_those_who_want_to_be_seen_are_ranked_by_their_best_attempt(
    app: Flask, coursework: World, sam: Browser
) -> None:
    for who, error in (("sam", 41.3), ("sam", 33.8), ("sue", 30.1)):
        measured(coursework, who, error)
    assert places(app, coursework) == []
    assert join(sam, "Deep Thought") == 303
    [own] = places(app, coursework)
    assert (own["rank"], own["nickname"], own["value"], own["student"]) == (1, "Deep Thought", 34.0, None)
    assert join(browser_of(app, "sue"), "Überflieger") == 303
    assert [(p["rank"], p["value"]) for p in places(app, coursework)] == [(1, 30.0), (2, 34.0)]
    html = sam.client.get(PAGE).text
    assert "37.45 %" in html
    assert "Sue" not in html
    assert "Sue Ünlü" in browser_of(app, "tom").client.get(PAGE).text


def test_todays_results_come_tomorrow(app: Flask, coursework: World, sam: Browser) -> None:
    measured(coursework, "sam", 36.2)
    measured(coursework, "sam", 28.0, ago=timedelta(0))
    join(sam, "Deep Thought")
    assert places(app, coursework)[0]["value"] == 36.0


def test_what_was_not_accepted_is_not_ranked(app: Flask, coursework: World, sam: Browser) -> None:
    """A network that learned the validation labels has no measure."""
    measured(coursework, "sam", None)
    join(sam, "Deep Thought")
    [own] = places(app, coursework)
    assert (own["rank"], own["value"]) == (None, None)


@pytest.mark.parametrize(("value", "shown"), [(37.24, 37.0), (37.26, 37.5), (0.1, 0.0), (90.0, 90.0)])
def test_values_are_rounded_to_half_points(value: float, shown: float) -> None:
    assert rounded(value, 0.5) == shown


def test_no_page_of_a_student_shows_what_was_measured(app: Flask, coursework: World, sam: Browser) -> None:
    measured(coursework, "sam", 33.8125)
    join(sam, "Deep Thought")
    headers = {"Authorization": f"Bearer {coursework.tokens['sam']}"}
    rows = app.test_client().get(f"/api/v1/assignments/{SLUG}/submissions", query_string=COURSE, headers=headers)
    assert rows.json is not None
    address = f"/submissions/{rows.json['submissions'][0]['id']}"
    texts = [sam.client.get(path).text for path in (PAGE, address, f"{PAGE}/distribution.csv")]
    texts.append(app.test_client().get(f"/api/v1{address}", headers=headers).text)
    assert not any("33.8" in text for text in texts)


def test_the_distribution_waits_for_five_students(app: Flask, coursework: World, sam: Browser) -> None:
    for who, error in (("sam", 33.0), ("sue", 35.5)):
        measured(coursework, who, error)
    assert "once five students have a result" in sam.client.get(PAGE).text
    with coursework.backend.writing() as session:
        for number in range(3):
            email = f"s{number}@example.org"
            user = accounts.create_user(session, email=email, name=f"S {number}", password=PASSWORD)
            courses.enrol(session, user=user, course=coursework.course, role=Role.STUDENT, by=ADMIN)
            coursework.people[f"s{number}"] = user
    for number in range(3):
        measured(coursework, f"s{number}", 36.0 + number)
    html = sam.client.get(PAGE).text
    assert "All 5 students with a result" in html
    csv = sam.client.get(f"{PAGE}/distribution.csv").text
    assert sum(int(line.rsplit(",", 1)[1]) for line in csv.strip().splitlines()[1:]) == 5


@pytest.mark.parametrize(
    "bad", ["", "ab", "x" * 25, "<b>me</b>", "...", "Sue Ünlü", "sue", "SUE.UNLU", "ida@example.org"]
)
def test_names_that_are_refused(sam: Browser, coursework: World, bad: str) -> None:
    assert join(sam, bad) == 422


def test_a_name_is_taken_once_however_it_is_spelled(app: Flask, coursework: World, sam: Browser) -> None:
    assert join(sam, "Deep Thought") == 303
    assert join(browser_of(app, "sue"), "déep-thought") == 409
    assert folded("Deep Thought") == folded("déep-thought")


def test_staff_take_a_name_off_and_the_student_chooses_another(
    app: Flask, coursework: World, sam: Browser, ida: Browser
) -> None:
    join(sam, "Rude Name")
    [place] = places(app, coursework, "ida")
    assert place["student"] == "sam@example.org"
    token = ida.token(PAGE)
    taken = ida.client.post(f"{PAGE}/{place['id']}/take-name", data={"csrf_token": token})
    assert taken.status_code == 303
    assert places(app, coursework) == []
    assert join(sam, "rude name") == 422
    assert join(sam, "Kind Name") == 303
    assert [p["nickname"] for p in places(app, coursework)] == ["Kind Name"]
    with coursework.backend.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("leaderboard.%"))).all()
    assert sorted(actions) == ["leaderboard.joined", "leaderboard.joined", "leaderboard.name-taken"]


def test_leaving_takes_the_row_away(app: Flask, coursework: World, sam: Browser) -> None:
    join(sam, "Deep Thought")
    sam.client.post(f"{PAGE}/leave", data={"csrf_token": sam.token(PAGE)})
    assert places(app, coursework) == []


def test_while_grades_are_hidden_students_have_no_board(sam: Browser, ida: Browser, coursework: World) -> None:
    with coursework.backend.writing() as session:
        session.get_one(Assignment, coursework.assignment.id).grades_hidden = True
    assert sam.client.get(PAGE).status_code == 404
    assert ida.client.get(PAGE).status_code == 200


def test_staff_who_try_it_are_not_in_the_distribution(app: Flask, coursework: World, ida: Browser) -> None:
    measured(coursework, "ida", 20.0)
    assert "20.0" not in ida.client.get(PAGE).text
    with coursework.backend.reading() as session:
        assert session.scalars(select(User).where(User.email == "ida@example.org")).one()


def test_the_assignment_page_leads_there(sam: Browser, coursework: World) -> None:
    assert f'href="{PAGE}"' in sam.client.get(f"/courses/dl-2026/assignments/{SLUG}").text
