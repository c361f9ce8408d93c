"""What changed since the last look, on the home page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from grader.audit.service import Actor
from grader.courses.queries import current_version
from grader.db.models import Assignment, HomeVisit
from grader.gradebook import extensions, overrides, policies
from grader.gradebook.overrides import Decision
from grader.news import visits
from grader.policies.queries import dates_of, policy_in_force
from grader.policies.terms import Allowance
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.test_comments import write
from tests.unit.web.test_regrades import COURSE, ask, first_key, requests
from tests.unit.web.world import World, finish, submit

HEADING = "New since you last looked"


def seen_before(world: World, who: str = "sam", ago: timedelta = timedelta(days=1)) -> None:
    """The person looked at the home page that long ago."""
    with world.backend.writing() as s:
        then = utc_now() - ago
        s.merge(HomeVisit(user_id=world.people[who].id, looked_at=then, news_since=then))


def home(browser: Browser) -> str:
    return browser.client.get("/").get_data(as_text=True)


def actor(world: World) -> Actor:
    return Actor.of(world.people["ida"])


def test_the_first_visit_has_no_news_and_is_noted(world: World, sam: Browser) -> None:
    finish(world, submit(world).id)
    assert HEADING not in home(sam)
    with world.backend.reading() as s:
        assert s.get_one(HomeVisit, world.people["sam"].id).news_since is None


def test_a_new_grade_is_told_and_still_when_the_page_is_opened_again(world: World, sam: Browser) -> None:
    seen_before(world)
    sent = finish(world, submit(world).id)
    for _ in range(2):
        page = home(sam)
        assert HEADING in page
        assert f"Graded: {sent.score:g} of {sent.max_score:g} points." in page
    seen_before(world, ago=timedelta(seconds=-60))  # looked after all that
    assert HEADING not in home(sam)


def test_a_changed_grade_names_both(world: World, sam: Browser) -> None:
    sent = finish(world, submit(world).id)
    seen_before(world, ago=timedelta(0))
    with world.backend.writing() as s:
        decision = Decision(score=77.0, excused=False, note="A slip of ours.")
        overrides.decide(
            s, assignment=world.assignment, student=world.people["sam"], decision=decision, expected=1, by=actor(world)
        )
    assert f"Your grade changed from {sent.score:g} to 77 of 100 points." in home(sam)


def test_hidden_grades_and_comments_are_not_told_until_they_are_released(
    world: World, sam: Browser, ida: Browser
) -> None:
    seen_before(world)
    with world.backend.writing() as s:
        overrides.show_grades(s, assignment=world.assignment, shown=False, by=actor(world))
    done = submit(world).id
    finish(world, done)
    assert write(ida, done, "Well done.") == 303
    assert HEADING not in home(sam)
    with world.backend.writing() as s:
        overrides.show_grades(s, assignment=world.assignment, shown=True, by=actor(world))
    page = home(sam)
    assert "Its grades were released." in page
    assert "Comment on attempt 1." in page
    assert f"/submissions/{done}" in page


def test_moved_dates_are_told_to_everybody_and_own_ones_to_one(app: Flask, world: World, sam: Browser) -> None:
    sue = Browser(app)
    sue.sign_in("sue")
    for who in ("sam", "sue"):
        seen_before(world, who)
    due = datetime.fromisoformat("2031-05-06T12:00:00+00:00")
    with world.backend.writing() as s:
        assignment = s.get_one(Assignment, world.assignment.id)
        rules = policy_in_force(assignment, current_version(s, assignment.id))
        policies.set_policy(
            s, assignment_id=assignment.id, policy=rules, dates=replace(dates_of(assignment), due_at=due),
            expected=assignment.policy_revision, by=actor(world),
        )  # fmt: skip
    assert "Its dates changed: now due 6 May 2031, 12:00 UTC." in home(sue)
    with world.backend.writing() as s:
        allowance = Allowance(due_at=due + timedelta(days=2))
        extensions.grant(
            s, assignment=s.get_one(Assignment, world.assignment.id), students=[world.people["sam"]],
            allowance=allowance, reason="ill", by=actor(world),
        )  # fmt: skip
    assert "Your own dates changed: now due 8 May 2031, 12:00 UTC." in home(sam)
    assert "Your own dates" not in home(sue)


def test_an_answer_to_a_question_on_a_check_is_told(world: World, sam: Browser, ida: Browser) -> None:
    done = submit(world).id
    finish(world, done)
    key = first_key(world)
    assert ask(sam, done, key) == 303
    seen_before(world, ago=timedelta(0))
    [request] = requests(world)
    data = {"csrf_token": ida.token("/"), "reply": "It stays.", "points": f"{request.points_before:g}"}
    assert ida.client.post(f"{COURSE}/{request.id}", data=data).status_code == 303
    page = home(sam)
    assert "Answer to your question on" in page
    assert "the points stay." in page
    assert HEADING not in home(ida), "staff have their own pages for it"


def test_news_of_another_student_is_not_told(app: Flask, world: World) -> None:
    seen_before(world, "sue")
    finish(world, submit(world, "sam").id)
    sue = Browser(app)
    sue.sign_in("sue")
    assert HEADING not in home(sue)


NOW = datetime.fromisoformat("2026-11-21T12:00:00+00:00")


@pytest.mark.parametrize(
    ("minutes_ago", "news_since", "expected"),
    [(29, None, None), (29, NOW - timedelta(days=2), NOW - timedelta(days=2)), (31, None, NOW - timedelta(minutes=31))],
)
def test_a_visit_lasts_half_an_hour(minutes_ago: int, news_since: datetime | None, expected: datetime | None) -> None:
    visit = HomeVisit(user_id="u", looked_at=NOW - timedelta(minutes=minutes_ago), news_since=news_since)
    assert visits.told_since(visit, NOW) == expected


def test_a_look_is_noted_once_a_minute_and_never_backwards(world: World) -> None:
    user_id = world.people["sam"].id
    for moment in (NOW, NOW + timedelta(minutes=5), NOW - timedelta(minutes=5), NOW + timedelta(hours=2)):
        with world.backend.writing() as s:
            visits.note_look(s, user_id, moment)
    with world.backend.reading() as s:
        visit = visits.visit_of(s, user_id)
        assert visit is not None
        assert (visit.looked_at, visit.news_since) == (NOW + timedelta(hours=2), NOW + timedelta(minutes=5))
        assert not visits.is_to_be_noted(visit, visit.looked_at + timedelta(seconds=59))
        assert visits.is_to_be_noted(visit, visit.looked_at + timedelta(seconds=60))
    assert visits.is_to_be_noted(None, NOW)
