"""Staff see what is in quarantine and release it where they grade it again; students see none of it."""

from __future__ import annotations

from grader.db.models import RunStatus, SubmissionStatus
from grader.grading import service
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, SLUG, World, active_run, submission_of, submit

STAFF = f"/courses/dl-2026/assignments/{SLUG}/submissions"


def held(world: World) -> str:
    submission = submit(world)
    with world.backend.writing() as s:
        service.quarantine_by_hand(s, submission_id=submission.id, by=ADMIN, reason="it kills", now=utc_now())
    return submission.id


def test_staff_see_it_on_the_list_and_release_it_on_its_page(world: World, ida: Browser) -> None:
    key = held(world)
    assert submission_of(world, key).status is SubmissionStatus.FAILED
    assert f"/submissions/{key}" in ida.client.get(STAFF).text.split("1 submission in quarantine")[1]
    page = f"/submissions/{key}"
    assert "Release and grade again" in ida.client.get(page).text
    assert ida.client.post(f"{page}/rerun", data={"csrf_token": ida.token(page)}).status_code == 303
    assert submission_of(world, key).quarantined_at is None
    assert active_run(world, key).status is RunStatus.QUEUED
    assert "in quarantine" not in ida.client.get(STAFF).text


def test_a_student_learns_only_that_it_is_our_fault(world: World, sam: Browser) -> None:
    page = sam.client.get(f"/submissions/{held(world)}").text
    assert "quarantine" not in page.lower()
    assert "our fault" in page
