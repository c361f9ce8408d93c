"""The pages and the API about grades that go to a learning platform."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grader.db.models import (
    Assignment,
    AuditEntry,
    LtiContext,
    LtiDeployment,
    LtiGradeSync,
    LtiLineItem,
    LtiRegistration,
    LtiResourceLink,
    SyncState,
)
from grader.lms.lti.names import SCOPES
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import SLUG, World

COURSE = "/courses/dl-2026/platform-grades"
PAGE = f"/courses/dl-2026/assignments/{SLUG}/platform-grades"
API = f"/api/v1/assignments/{SLUG}/platform-grades"
NASTY = '<script>alert("x")</script>'


def connect(world: World, *, scopes: tuple[str, ...] = SCOPES, course_id: str | None = None) -> tuple[str, str]:
    """A platform whose course is linked; tells the ids of the context and of the assignment's column."""
    with world.backend.writing() as s:
        registration = LtiRegistration(
            name="Campus Moodle", family="moodle", issuer="https://lms.example.org", client_id="c", frame_origins=[],
            auth_url="https://lms.example.org/a", token_url="https://lms.example.org/t",
            jwks_url="https://lms.example.org/j",
        )  # fmt: skip
        s.add(registration)
        s.flush()
        deployment = LtiDeployment(registration_id=registration.id, deployment_id="1")
        s.add(deployment)
        s.flush()
        context = LtiContext(
            deployment_id=deployment.id, context_id="2", title="DL at campus", grade_scopes=list(scopes),
            course_id=course_id or world.course.id,
        )  # fmt: skip
        s.add(context)
        s.flush()
        s.add(LtiResourceLink(context_id=context.id, resource_link_id="7", assignment_id=world.assignment.id))
        item = LtiLineItem(
            context_id=context.id, assignment_id=world.assignment.id, url="https://lms.example.org/li/1",
            label="Hyperspheres", score_maximum=100.0,
        )  # fmt: skip
        s.add(item)
        s.flush()
        return context.id, item.id


def put(world: World, item_id: str, name: str, state: SyncState, **more: Any) -> str:
    values: dict[str, Any] = {
        "wanted_revision": 3, "wanted_score": 7.0, "wanted_maximum": 10.0, "last_try_at": utc_now(), "tries": 1,
        "last_timestamp": utc_now() - timedelta(minutes=1), "last_status": 200, **more,
    }  # fmt: skip
    with world.backend.writing() as s:
        cell = LtiGradeSync(line_item_id=item_id, user_id=world.people[name].id, state=state, **values)
        s.add(cell)
        s.flush()
        return cell.id


def cell(world: World, cell_id: str) -> LtiGradeSync:
    with world.backend.reading() as s:
        return s.get_one(LtiGradeSync, cell_id)


def bearer(world: World, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.tokens[name]}"}


@pytest.fixture
def tim(app: Flask) -> Browser:
    browser = Browser(app)
    browser.sign_in("tom")
    return browser


def test_each_grade_is_there_with_its_state_and_the_platforms_last_answer(world: World, tim: Browser) -> None:
    _, item = connect(world)
    put(world, item, "sam", SyncState.ACKED, read_at=utc_now(), read_score=70.0, read_maximum=100.0)
    put(world, item, "sue", SyncState.DEAD, last_status=500, excerpt=NASTY, problem="Given up after 5 tries. Locked.")
    page = tim.client.get(PAGE).text
    for text in ("Sam Student", "Arrived", "70 of 100", "7 of 10", "Given up", "Locked.", "Answered 500", "Campus"):
        assert text in page
    assert NASTY not in page
    assert "&lt;script&gt;" in page
    assert "Send again what failed (1)" in page


def test_the_filter_shows_one_state_or_all_that_failed(world: World, tim: Browser) -> None:
    _, item = connect(world)
    put(world, item, "sam", SyncState.ACKED)
    put(world, item, "sue", SyncState.BLOCKED_USER, problem="Not a student there.")

    def names(state: str) -> set[str]:
        page = tim.client.get(f"{PAGE}?state={state}").text
        return {name for name in ("Sam Student", "Sue Ünlü") if f">{name}</a>" in page}

    assert names("acked") == {"Sam Student"}
    assert names("failed") == names("blocked_user") == {"Sue Ünlü"}
    assert names("queued") == set()
    assert names("nonsense") == names("") == {"Sam Student", "Sue Ünlü"}


def test_one_is_sent_again_and_that_is_noted(world: World, tim: Browser) -> None:
    _, item = connect(world)
    sam = put(world, item, "sam", SyncState.OVERRIDDEN, difference="9 there", tries=5, failure_told=True)
    assert tim.post(f"{PAGE}/{sam}/send").status_code == 303
    found = cell(world, sam)
    assert (found.state, found.tries, found.difference, found.failure_told) == (SyncState.QUEUED, 0, "", False)
    answer = tim.post(f"{PAGE}/{sam}/send")
    code, page = answer.status_code, answer.text
    assert code == 409
    assert "on its way already" in page
    with world.backend.reading() as s:
        entry = s.scalars(select(AuditEntry).where(AuditEntry.action == "lti.grade-sent-again")).one()
    assert (entry.object_id, entry.before) == (sam, {"state": "overridden", "problem": ""})


def test_all_that_failed_is_sent_again_but_what_a_teacher_there_decided(world: World, tim: Browser) -> None:
    _, item = connect(world)
    sam = put(world, item, "sam", SyncState.DEAD)
    sue = put(world, item, "sue", SyncState.OVERRIDDEN, difference="9 there")
    assert tim.post(f"{PAGE}/send", state="failed").status_code == 303
    assert [cell(world, one).state for one in (sam, sue)] == [SyncState.QUEUED, SyncState.OVERRIDDEN]


def test_a_grade_of_another_course_is_out_of_reach(world: World, tim: Browser) -> None:
    _, item = connect(world)
    with world.backend.writing() as s:
        other = s.scalars(select(Assignment).where(Assignment.course_id == world.other.id)).one()
        s.get_one(LtiLineItem, item).assignment_id = other.id
    sam = put(world, item, "sam", SyncState.DEAD)
    assert tim.post(f"{PAGE}/{sam}/send").status_code == 404
    assert "Sam Student" not in tim.client.get(PAGE).text
    assert tim.client.post(f"{API}/{sam}/send?course=dl-2026", headers=bearer(world, "tom")).status_code == 404
    assert cell(world, sam).state is SyncState.DEAD


def test_the_course_page_counts_and_lists_what_differs(world: World, tim: Browser) -> None:
    _, item = connect(world)
    text = "The platform shows 9 of 10: a teacher's own grade there stands above ours."
    put(world, item, "sam", SyncState.OVERRIDDEN, difference=text, read_at=utc_now(), read_score=9.0)
    put(world, item, "sue", SyncState.RETRY)
    page = tim.client.get(COURSE).text
    assert "Campus Moodle: DL at campus" in page
    assert text.replace("'", "&#39;") in page
    assert "Send grades while" not in page  # for instructors


def test_only_instructors_say_whether_drafts_are_sent(world: World, tim: Browser, ida: Browser) -> None:
    context, _ = connect(world)
    assert tim.post(f"{COURSE}/{context}/drafts", drafts="yes").status_code == 403
    assert "Send grades while" in ida.client.get(COURSE).text
    assert ida.post(f"{COURSE}/{context}/drafts", drafts="yes").status_code == 303
    with world.backend.reading() as s:
        assert s.get_one(LtiContext, context).sends_drafts
        assert s.scalars(select(AuditEntry).where(AuditEntry.action == "lti.drafts")).one().after == {"drafts": True}
    body = {"drafts": False}
    address = f"/api/v1{COURSE}/{context}/drafts"
    assert ida.client.put(address, json=body, headers=bearer(world, "ida")).status_code == 204
    with world.backend.reading() as s:
        assert not s.get_one(LtiContext, context).sends_drafts


def test_the_context_of_another_course_is_out_of_reach(world: World, ida: Browser) -> None:
    context, _ = connect(world, course_id=world.other.id)
    assert ida.post(f"{COURSE}/{context}/drafts", drafts="yes").status_code == 404


def test_a_platform_that_takes_no_grades_and_a_course_without_one_are_said(world: World, tim: Browser) -> None:
    assert "not connected to a learning platform" in tim.client.get(COURSE).text
    assert "not connected to a learning platform" in tim.client.get(PAGE).text
    connect(world, scopes=())
    assert "lets the service write no grades" in tim.client.get(COURSE).text


def test_the_api_says_the_same_and_sends_again(world: World, tim: Browser) -> None:
    _, item = connect(world)
    sam = put(world, item, "sam", SyncState.DEAD, last_status=500, excerpt="locked", problem="Given up.")
    put(world, item, "sue", SyncState.ACKED, acked_score=7.0)
    headers = bearer(world, "tom")
    found = tim.client.get(f"{API}?course=dl-2026&state=dead", headers=headers).json
    assert found is not None
    assert found["counts"] == {"dead": 1, "acked": 1}
    [grade] = found["grades"]
    assert (grade["id"], grade["state"], grade["last_status"], grade["excerpt"]) == (sam, "dead", 500, "locked")
    assert (grade["platform"], grade["student_id"]) == ("Campus Moodle", world.people["sam"].id)
    assert tim.client.post(f"{API}/{sam}/send?course=dl-2026", headers=headers).json == {"grades": 1}
    assert cell(world, sam).state is SyncState.QUEUED
    assert tim.client.post(f"{API}/{sam}/send?course=dl-2026", headers=headers).status_code == 409
    assert tim.client.post(f"{API}/send?course=dl-2026", headers=headers).json == {"grades": 0}
    overview = tim.client.get(f"/api/v1{COURSE}", headers=headers).json
    assert overview is not None
    assert [place["platform"] for place in overview["places"]] == ["Campus Moodle"]
    assert overview["differences"] == []
