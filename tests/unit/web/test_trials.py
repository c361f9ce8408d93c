from __future__ import annotations

from typing import Any

from flask import Flask

from grader.db.models import Run, RunStatus, Submission, Trial
from grader.grading import rerunning, retries
from grader.time import utc_now
from grader.trials import queries
from grader.trials import service as trials
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, SLUG, World, active_run, finish, score_of, start, submission_of, submit
from worker.contract import GradeStatus, Verdict

WRONG = (Verdict.FAILED,) * 6
RIGHT = (Verdict.PASSED,) * 6
PAGE = f"/courses/dl-2026/assignments/{SLUG}/trials"


def graded(world: World, who: str = "sam", verdicts: Any = WRONG) -> Submission:
    submission = submit(world, who)
    finish(world, submission.id, verdicts)
    return submission


def begin(world: World, *, every: bool = False) -> Trial:
    with world.backend.writing() as s:
        return trials.begin(s, assignment=world.assignment, every=every, reason="mended", by=world.people["ida"])


def test_a_trial_changes_nothing_until_it_is_applied(app: Flask, world: World, ida: Browser) -> None:
    submission, same = graded(world), graded(world, "sue")
    trial = begin(world)
    assert submission_of(world, submission.id).status.value == "graded", "the student sees nothing of it"
    finish(world, submission.id, RIGHT)
    finish(world, same.id, WRONG)
    assert score_of(world) == 0
    with world.backend.reading() as s:
        rows = queries.compared(s, trial.id)
    assert [(r.student, r.before, r.differs) for r in rows] == [("Sam Student", 0, True), ("Sue Ünlü", 0, False)]
    assert len(rows[0].changes) == 6
    page = ida.client.get(f"{PAGE}/{trial.id}").text
    assert "1 submission of 2 would change" in page
    assert "Sam Student" in ida.client.get(f"{PAGE}/{trial.id}/changes.csv").text
    token = ida.token(PAGE)
    assert ida.client.post(f"{PAGE}/{trial.id}/apply", data={"csrf_token": token}).status_code == 303
    assert score_of(world) == rows[0].after
    again = ida.client.post(f"{PAGE}/{trial.id}/apply", data={"csrf_token": token})
    assert again.status_code == 409
    assert "already applied" in again.text


def test_old_results_are_kept_and_stand_side_by_side(world: World, ida: Browser) -> None:
    submission = graded(world)
    trial = begin(world)
    finish(world, submission.id, RIGHT)
    with world.backend.writing() as s:
        trials.apply(s, trial_id=trial.id, by=world.people["ida"])
    page = ida.client.get(f"/submissions/{submission.id}/compare").text
    assert "The values are percentages" in page
    assert "Right for all 12 inputs." in page
    with world.backend.reading() as s:
        assert s.query(Run).filter(Run.submission_id == submission.id).count() == 2
        assert [r.before for r in queries.compared(s, trial.id)] == [0], "also after it was applied"


def test_a_dropped_trial_leaves_everything_and_stops_what_waits(world: World, ida: Browser) -> None:
    submission, waiting = graded(world), graded(world, "sue")
    trial = begin(world)
    finish(world, submission.id, RIGHT)
    data = {"csrf_token": ida.token(PAGE)}
    assert ida.client.post(f"{PAGE}/{trial.id}/apply", data=data).status_code == 409, "one is not done"
    assert ida.client.post(f"{PAGE}/{trial.id}/drop", data=data).status_code == 303
    assert score_of(world) == 0
    assert active_run(world, waiting.id).status is RunStatus.SUPERSEDED
    assert submission_of(world, waiting.id).status.value == "graded"


def test_a_newer_result_is_not_overwritten_by_an_older_trial(world: World) -> None:
    submission = graded(world)
    trial = begin(world)
    finish(world, submission.id, RIGHT)
    with world.backend.writing() as s:
        rerunning.rerun(s, submission_ids=[submission.id], by=ADMIN, reason="by hand")
    finish(world, submission.id, WRONG)
    with world.backend.writing() as s:
        assert trials.apply(s, trial_id=trial.id, by=world.people["ida"]) == 0
    assert score_of(world) == 0


def test_a_run_of_a_trial_that_is_lost_is_tried_again_unseen(world: World) -> None:
    submission = graded(world)
    trial = begin(world)
    run = start(world, submission.id)
    with world.backend.writing() as s:
        locked = s.get_one(Submission, submission.id)
        retries.lose(s, locked, s.get_one(Run, run.id), utc_now(), world.backend.rules)
    assert submission_of(world, submission.id).status.value == "graded"
    finish(world, submission.id, RIGHT)
    assert score_of(world) == 0
    with world.backend.writing() as s:
        assert trials.apply(s, trial_id=trial.id, by=world.people["ida"]) == 1
    assert score_of(world) != 0


def test_a_failure_of_ours_in_a_trial_is_no_result(world: World) -> None:
    submission = graded(world)
    trial = begin(world)
    for _ in range(world.backend.rules.max_attempts):
        finish(world, submission.id, status=GradeStatus.FAILED)
    with world.backend.reading() as s:
        [row] = queries.compared(s, trial.id)
    assert (row.done, row.differs) == (False, False)
    with world.backend.writing() as s:
        assert trials.apply(s, trial_id=trial.id, by=world.people["ida"]) == 0
    assert submission_of(world, submission.id).status.value == "graded"


def test_a_trial_needs_a_reason_and_something_to_try(world: World, ida: Browser) -> None:
    token = ida.token(PAGE)
    assert ida.client.post(PAGE, data={"csrf_token": token, "reason": " "}).status_code == 422
    answer = ida.client.post(PAGE, data={"csrf_token": token, "reason": "mended"})
    assert answer.status_code == 409
    assert "no graded submission" in answer.text
    graded(world)
    assert ida.client.post(PAGE, data={"csrf_token": token, "reason": "mended"}).status_code == 303


def test_programs_try_and_apply(app: Flask, world: World) -> None:
    submission = graded(world)
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    url, course = f"/api/v1/assignments/{SLUG}/trials", "?course=dl-2026"
    made = client.post(url + course, headers=headers, json={"reason": "mended"})
    assert (made.status_code, made.json["submissions"], made.json["done"]) == (201, 1, 0)
    assert client.post(url + course, headers=headers, json={"reason": " "}).status_code == 422
    finish(world, submission.id, RIGHT)
    one = f"{url}/{made.json['id']}"
    assert len(client.get(one + course, headers=headers).json["changed"]) == 1
    assert client.post(f"{one}/apply{course}", headers=headers).json["status"] == "applied"
    assert client.post(f"{one}/drop{course}", headers=headers).status_code == 409
