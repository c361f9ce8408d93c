from __future__ import annotations

from dataclasses import replace

import pytest

from grader.audit import bounded
from grader.audit.queries import entries_for
from grader.db.models import Run, RunCause, RunStatus, SubmissionStatus
from grader.grading.errors import NothingToRerun
from grader.grading.outcomes import Alive, Duplicate, Recorded, Stale
from grader.outbox import queries as outbox
from grader.outbox.kinds import GRADE_CHANGED, GRADE_RETRACTED, SUBMISSION_GRADED
from tests.support.world import World, failed, graded, rejected
from worker.contract import GradeStatus, StartedMessage


def actions(world: World, object_type: str, object_id: str) -> list[str]:
    with world.backend.reading() as session:
        return [entry.action for entry in reversed(entries_for(session, object_type, object_id))]


def events(world: World, *kinds: str) -> list[dict[str, object]]:
    with world.backend.reading() as session:
        return [message.payload for message in outbox.events(session, *kinds)]


def test_a_run_goes_from_queued_to_running_to_done(world: World) -> None:
    accepted = world.submit()
    assert world.start(accepted.run) == Alive(accepted.run.id)
    found = world.submission(accepted.submission.id)
    assert (found.status, found.runs[0].status, found.runs[0].worker) == (
        SubmissionStatus.RUNNING,
        RunStatus.RUNNING,
        "w1",
    )
    assert isinstance(world.record(graded(accepted.run, 7.0)), Recorded)
    found = world.submission(accepted.submission.id)
    run = found.runs[0]
    assert (found.status, found.counted_run_id) == (SubmissionStatus.GRADED, run.id)
    assert (run.status, run.outcome, run.score, run.max_score) == (RunStatus.DONE, GradeStatus.GRADED, 7.0, 10.0)
    assert (run.seconds_total, run.seconds_execute, run.seconds_overhead) == (1.5, 1.0, 0.5)
    assert (run.notices, run.cells[0]["status"], run.peak_memory_mib) == (["One cell failed."], "ok", 120.0)
    check = run.checks[0]
    assert (check.key, check.points, check.message, check.staff_message) == (
        "nll",
        7.0,
        "The sign is wrong.",
        "seed 17",
    )
    assert actions(world, "run", run.id) == ["run.queued", "run.started", "run.recorded"]


def test_a_result_is_recorded_once_however_often_it_comes(world: World) -> None:
    run = world.submit().run
    assert isinstance(world.record(graded(run, 7.0)), Recorded)
    assert world.record(graded(run, 7.0)) == Duplicate(run.id)
    assert world.record(graded(run, 9.0)) == Duplicate(run.id)
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.revision) == (7.0, 1)
    assert len(world.submission(run.submission_id).runs[0].checks) == 1
    assert len(events(world, SUBMISSION_GRADED)) == 1
    assert actions(world, "run", run.id) == ["run.queued", "run.recorded", "result.duplicate", "result.duplicate"]


@pytest.mark.parametrize("lease", ["forged", "é" * 10, "\ud800"])
def test_a_result_with_another_lease_is_refused_and_noted(world: World, lease: str) -> None:
    run = world.submit().run
    outcome = world.record(replace(graded(run, 10.0), lease=lease))
    assert isinstance(outcome, Stale)
    assert world.submission(run.submission_id).status is SubmissionStatus.QUEUED
    assert world.grade() is None
    assert actions(world, "run", run.id) == ["run.queued", "result.refused"]


def test_a_result_for_a_run_that_does_not_exist_is_refused_and_noted(world: World) -> None:
    run = world.submit().run
    unknown = "no-such-run-" + "x" * 100
    assert isinstance(world.record(replace(graded(run), run_id=unknown)), Stale)
    assert actions(world, "run", bounded.UNKNOWN) == ["result.refused"]


def test_results_for_runs_that_do_not_exist_do_not_fill_the_audit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "MOST", 3)
    run = world.submit().run
    for number in range(5):
        assert isinstance(world.record(replace(graded(run), run_id=f"mad-{number}")), Stale)
    assert actions(world, "run", bounded.UNKNOWN) == ["result.refused"] * 3
    world.later(2 * 24 * 3600)  # another day is noted again
    world.record(replace(graded(run), run_id="mad-again"))
    assert actions(world, "run", bounded.UNKNOWN) == ["result.refused"] * 4


def test_a_result_whose_start_was_never_heard_is_recorded_all_the_same(world: World) -> None:
    run = world.submit().run
    assert isinstance(world.record(graded(run)), Recorded)
    assert isinstance(world.start(run), Stale)
    assert world.submission(run.submission_id).status is SubmissionStatus.GRADED


def test_heartbeats_prolong_the_lease_and_the_first_one_can_start_the_run(world: World) -> None:
    run = world.submit().run
    assert isinstance(world.heartbeat(run), Alive)
    first = world.submission(run.submission_id).runs[0]
    assert first.status is RunStatus.RUNNING
    world.later(10)
    world.heartbeat(run)
    second = world.submission(run.submission_id).runs[0]
    assert first.lease_expires_at is not None
    assert second.lease_expires_at is not None
    assert (second.lease_expires_at - first.lease_expires_at).total_seconds() == 10
    forged = StartedMessage(run.id, "forged", "w2")
    assert isinstance(world.heartbeat(replace_lease(run, forged.lease)), Stale)


def replace_lease(run: Run, lease: str) -> Run:
    return Run(id=run.id, lease=lease)


def test_a_rejected_notebook_has_a_reason_and_no_score(world: World) -> None:
    run = world.submit().run
    world.record(rejected(run, "The notebook has no code."))
    found = world.submission(run.submission_id)
    assert found.counted_run is not None
    assert (found.status, found.counted_run.reason) == (SubmissionStatus.REJECTED, "The notebook has no code.")
    assert found.counted_run.score is None
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.revision) == (None, 0)
    assert events(world, GRADE_CHANGED, GRADE_RETRACTED) == []


def test_our_failure_is_tried_again_three_times_and_then_staff_are_told(world: World) -> None:
    run = world.submit().run
    waits = []
    for attempt in (1, 2, 3):
        outcome = world.record(failed(run))
        assert isinstance(outcome, Recorded)
        assert outcome.retried_as is not None
        assert world.submission(run.submission_id).status is SubmissionStatus.QUEUED
        with world.backend.reading() as session:
            job = outbox.waiting_job_of(session, outcome.retried_as.id)
            assert job is not None
            waits.append((job.next_try_at - world.now).total_seconds())
        run = outcome.retried_as
        assert (run.attempt, run.cause) == (attempt + 1, RunCause.FAILED)
    outcome = world.record(failed(run))
    assert isinstance(outcome, Recorded)
    assert outcome.retried_as is None
    assert waits == [5.0, 20.0, 80.0]
    found = world.submission(run.submission_id)
    assert (found.status, found.counted_run_id) == (SubmissionStatus.FAILED, None)
    last = found.runs[-1]
    assert (len(found.runs), last.score, last.status) == (4, None, RunStatus.FAILED)
    assert "the kernel did not start" in last.staff_text
    assert "kernel" not in last.reason
    assert "not your fault" in last.reason
    assert world.grade() is None
    assert events(world, SUBMISSION_GRADED) == []


def test_a_failure_that_is_mended_in_time_ends_in_a_grade(world: World) -> None:
    outcome = world.record(failed(world.submit().run))
    assert isinstance(outcome, Recorded)
    assert outcome.retried_as is not None
    world.record(graded(outcome.retried_as, 8.0))
    grade = world.grade()
    assert grade is not None
    assert grade.score == 8.0


@pytest.mark.parametrize(
    ("score", "changes"),
    [
        (7.0, {"max_score": 5.0}),
        (7.0, {"score": 9.0}),
        (7.0, {"max_score": 1000.0}),
        (12.0, {}),
    ],
)
def test_a_result_that_contradicts_itself_or_the_assignment_is_never_a_score(
    world: World, score: float, changes: dict[str, float]
) -> None:
    run = world.submit().run
    outcome = world.record(replace(graded(run, score), **changes))  # type: ignore[arg-type]
    assert isinstance(outcome, Recorded)
    assert (outcome.run.status, outcome.run.score) == (RunStatus.FAILED, None)
    assert "result refused" in outcome.run.staff_text
    assert outcome.retried_as is not None
    assert world.grade() is None


def test_the_best_submission_counts_and_the_earliest_of_equals(world: World) -> None:
    ids: list[str] = []
    for score in (4.0, 9.0, 6.0, 9.0):
        run = world.submit(f"x = {len(ids)}").run
        ids.append(run.submission_id)
        world.record(graded(run, score))
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.max_score, grade.submission_id, grade.revision) == (9.0, 10.0, ids[1], 2)
    changed = events(world, GRADE_CHANGED)
    assert [(e["score"], e["revision"], e["submission_id"]) for e in changed] == [(4.0, 1, ids[0]), (9.0, 2, ids[1])]
    assert world.grade(world.other) is None


def test_results_that_come_out_of_order_make_the_same_grade(world: World) -> None:
    first, second = world.submit("a").run, world.submit("b").run
    world.record(graded(second, 5.0))
    world.record(graded(first, 8.0))
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.submission_id) == (8.0, first.submission_id)


def test_a_version_with_other_points_is_compared_by_share(world: World) -> None:
    world.record(graded(world.submit("a").run, 9.0))
    world.publish(digest="e" * 64, max_score=20.0)
    second = world.submit("b").run
    world.record(graded(second, 12.0, max_score=20.0))
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.max_score) == (9.0, 10.0)


def test_a_rerun_replaces_the_result_when_it_is_there_and_not_before(world: World) -> None:
    accepted = world.submit()
    world.record(graded(accepted.run, 9.0))
    version = world.publish(digest="e" * 64).version
    (again,) = world.rerun(accepted.submission.id)
    assert (again.cause, again.version_id, again.attempt) == (RunCause.RERUN, version.id, 1)
    found = world.submission(accepted.submission.id)
    assert (found.status, found.counted_run_id) == (SubmissionStatus.QUEUED, accepted.run.id)
    grade = world.grade()
    assert grade is not None
    assert grade.score == 9.0
    world.record(graded(again, 3.0))
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.revision) == (3.0, 2)
    assert world.submission(accepted.submission.id).counted_run_id == again.id
    assert "submission.rerun" in actions(world, "submission", accepted.submission.id)


def test_a_rerun_takes_the_place_of_a_run_under_way_whose_result_is_then_refused(world: World) -> None:
    accepted = world.submit()
    world.start(accepted.run)
    (again,) = world.rerun(accepted.submission.id)
    assert isinstance(world.record(graded(accepted.run, 10.0)), Stale)
    assert isinstance(world.heartbeat(accepted.run), Stale)
    world.record(graded(again, 2.0))
    found = world.submission(accepted.submission.id)
    assert [run.status for run in found.runs] == [RunStatus.SUPERSEDED, RunStatus.DONE]
    grade = world.grade()
    assert grade is not None
    assert grade.score == 2.0


def test_a_rerun_that_we_fail_leaves_the_old_result_standing(world: World) -> None:
    accepted = world.submit()
    world.record(graded(accepted.run, 9.0))
    (run,) = world.rerun(accepted.submission.id)
    for _ in range(4):
        outcome = world.record(failed(run))
        assert isinstance(outcome, Recorded)
        run = outcome.retried_as or run
    found = world.submission(accepted.submission.id)
    assert (found.status, found.counted_run_id) == (SubmissionStatus.GRADED, accepted.run.id)
    grade = world.grade()
    assert grade is not None
    assert grade.score == 9.0


def test_a_rerun_that_rejects_the_only_graded_submission_takes_the_grade_back(world: World) -> None:
    accepted = world.submit()
    world.record(graded(accepted.run, 9.0))
    (again,) = world.rerun(accepted.submission.id)
    world.record(rejected(again))
    grade = world.grade()
    assert grade is not None
    assert (grade.score, grade.submission_id, grade.revision) == (None, None, 2)
    assert [event["revision"] for event in events(world, GRADE_RETRACTED)] == [2]


def test_many_can_be_rerun_at_once_and_unknown_ones_are_passed_over(world: World) -> None:
    ids = [world.submit(f"x = {i}").submission.id for i in range(5)]
    assert len(world.rerun(*ids, ids[0], "unknown")) == 5
    with pytest.raises(NothingToRerun):
        world.rerun("unknown")


def test_text_for_staff_stays_apart_from_text_for_students(world: World) -> None:
    run = world.submit().run
    world.record(replace(graded(run), staff_text="checks.py line 3", reason=""))
    counted = world.submission(run.submission_id).counted_run
    assert counted is not None
    assert (counted.staff_text, counted.reason) == ("checks.py line 3", "")
