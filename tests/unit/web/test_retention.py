from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from grader.db.models import Blob, RetentionRule, Run, RunStatus, Submission, SubmissionStatus
from grader.grading import service
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, SLUG, World, active_run, finish, notebook, submit


def test_how_long_files_are_kept_is_set_and_shown_before_anything_goes(world: World, admin: Browser) -> None:
    submit(world, "sam")
    assert admin.post("/admin/files", executed_months="12", files_months="").status_code == 303
    page = admin.client.get("/admin/files").text
    assert 'value="12"' in page
    assert "Nothing." in page
    assert admin.post("/admin/files", executed_months="soon", files_months="24").status_code == 422
    assert admin.post("/admin/files/apply").status_code == 303
    assert "retention.set" in admin.client.get("/admin/audit").text


def test_a_removed_file_says_when_and_why_it_went_wherever_somebody_asks(
    world: World, sam: Browser, ida: Browser
) -> None:
    key = submit(world, "sam").id
    finish(world, key)
    take_away(world, key)
    words = "was removed on 2 March 2026, by the service"
    for browser in (sam, ida):
        for what in ("notebook.ipynb", "executed.ipynb", "executed"):
            answer = browser.client.get(f"/submissions/{key}/{what}")
            assert (answer.status_code, words in answer.text) == (410, True), what
        page = browser.client.get(f"/submissions/{key}").text
        assert words in page
        assert "Download what was submitted" not in page
        assert "Grade again" not in page
    for what in ("notebook", "executed"):
        headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
        answer = sam.client.get(f"/api/v1/submissions/{key}/{what}", headers=headers)
        assert (answer.status_code, answer.json["code"]) == (410, "file-removed")  # type: ignore[index]


def test_a_file_that_the_store_lost_is_said_to_be_missing_and_not_to_be_asked_for_again(
    world: World, sam: Browser, ida: Browser
) -> None:
    submission = submit(world, "sam")
    assert world.backend.blobs.remove(submission.digest, put_before=utc_now() + timedelta(days=1))
    for browser in (sam, ida):
        answer = browser.client.get(f"/submissions/{submission.id}/notebook.ipynb")
        assert (answer.status_code, "tell the teaching staff" in answer.text) == (404, True)
    headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
    answer = sam.client.get(f"/api/v1/submissions/{submission.id}/notebook", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (404, "notebook-missing")  # type: ignore[index]


def test_what_has_no_file_is_not_run_again_and_many_at_once_pass_over_it(world: World, ida: Browser) -> None:
    gone, kept = submit(world, "sam").id, submit(world, "sue", notebook("y = 2")).id
    for key in (gone, kept):
        finish(world, key)
    take_away(world, gone)
    page = f"/submissions/{kept}"
    answer = ida.client.post(f"/submissions/{gone}/rerun", data={"csrf_token": ida.token(page)})
    assert (answer.status_code, "attempt 1 (my work.ipynb) was removed" in answer.text) == (410, True)
    headers = {"Authorization": f"Bearer {world.tokens['ida']}"}
    answer = ida.client.post(f"/api/v1/submissions/{gone}/rerun", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (410, "file-removed")  # type: ignore[index]
    many = f"/courses/dl-2026/assignments/{SLUG}/submissions/rerun"
    data = {"csrf_token": ida.token(page), "reason": "mended", "expected": "2"}
    answer = ida.client.post(many, data=data, follow_redirects=True)
    assert "1 submission will be graded again. 1 submission was left out" in answer.text
    assert active_run(world, gone).status is RunStatus.DONE
    assert active_run(world, kept).status is RunStatus.QUEUED


def test_an_administrator_retries_what_has_its_file_and_is_told_of_the_rest(world: World, admin: Browser) -> None:
    gone, kept = submit(world, "sam").id, submit(world, "sue", notebook("y = 2")).id
    take_away(world, gone)
    with world.backend.writing() as s:
        for key in (gone, kept):
            service.quarantine_by_hand(s, submission_id=key, by=ADMIN, reason="test", now=utc_now())
    assert admin.post(f"/admin/quarantine/{gone}/release").status_code == 410
    with world.backend.writing() as s:
        s.execute(update(Submission).values(quarantined_at=None))
    assert admin.post(f"/admin/failed/{gone}/retry").status_code == 410
    assert admin.post("/admin/failed/retry").status_code == 303
    assert "1 submission will be graded again. 1 submission was left out" in admin.client.get("/admin").text


def test_an_attempt_that_was_replaced_is_not_graded_after_all_without_its_file(world: World, sam: Browser) -> None:
    key = submit(world, "sam").id
    with world.backend.writing() as s:
        s.execute(update(Submission).values(status=SubmissionStatus.SUPERSEDED, superseded_by=2))
    assert "Grade this attempt too" in sam.client.get(f"/submissions/{key}").text
    take_away(world, key)
    assert "Grade this attempt too" not in sam.client.get(f"/submissions/{key}").text
    answer = sam.client.post(f"/submissions/{key}/run", data={"csrf_token": sam.token("/")})
    assert answer.status_code == 410


def take_away(world: World, key: str) -> None:
    """As the rule would have done it on a day in March."""
    day = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with world.backend.writing() as s:
        found = s.get_one(Submission, key)
        s.add(RetentionRule(id=1, executed_months=6, files_months=24, updated_at=day - timedelta(days=1)))
        s.execute(update(Blob).where(Blob.digest == found.digest).values(removed_at=day, purged_at=day))
        s.execute(update(Run).where(Run.submission_id == key).values(executed_digest=None, executed_removed_at=day))
    digest = found.digest
    assert world.backend.blobs.remove(digest, put_before=utc_now() + timedelta(hours=1))
