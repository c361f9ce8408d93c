"""A newer attempt takes the place of one that waits, where the rules say so; nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from assignments.policy import PolicySpec
from grader.db.models import Course, RunStatus, Submission, SubmissionStatus
from grader.embedded_redis import EmbeddedRedis
from grader.policies import queries as policies
from grader.policies.errors import HandInRefused
from grader.submissions import service as submissions
from grader.submissions.errors import NotSuperseded, StorageUnavailable, TooManyWaiting
from grader.wiring import Backend
from tests.support.world import World, graded, make_world, notebook, rejected

LAST = PolicySpec(counted="last")


@pytest.fixture
def world(
    make_database: Callable[[str], str], redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]
) -> World:
    return make_world(connect(make_database("sqlite"), redis_server.broker_url))


def under(world: World, policy: PolicySpec) -> World:
    world.publish(digest="e" * 64, policy=policy)
    return world


def status(world: World, submission: Submission) -> SubmissionStatus:
    return world.submission(submission.id).status


def used(world: World) -> int:
    with world.backend.reading() as session:
        return len(policies.attempts_made(session, assignment_id=world.assignment.id, student_id=world.student.id))


def run_after_all(world: World, submission: Submission) -> None:
    with world.backend.writing() as session:
        submissions.run_superseded(session, submission_id=submission.id, by=world.student)


def test_where_the_last_attempt_counts_a_newer_one_replaces_what_waits(world: World) -> None:
    older = under(world, LAST).submit("x = 1")
    others = world.submit("x = 1", student=world.other)
    newer = world.submit("x = 2")
    found = world.submission(older.submission.id)
    assert (found.status, found.superseded_by, found.runs[-1].status) == (
        SubmissionStatus.SUPERSEDED, 2, RunStatus.SUPERSEDED,
    )  # fmt: skip
    assert newer.superseded == (1,)
    assert status(world, others.submission) is SubmissionStatus.QUEUED
    assert used(world) == 1
    assert world.backend.blobs.get(older.submission.digest) == notebook("x = 1")


@pytest.mark.parametrize("policy", [PolicySpec(counted="best"), PolicySpec(counted="chosen"),
                                    PolicySpec(counted="last", superseding="never")])  # fmt: skip
def test_where_an_older_attempt_could_be_worth_more_each_is_graded(world: World, policy: PolicySpec) -> None:
    older = under(world, policy).submit("x = 1")
    assert world.submit("x = 2").superseded == ()
    assert status(world, older.submission) is SubmissionStatus.QUEUED


def test_staff_may_say_that_the_newest_replaces_the_others_always(world: World) -> None:
    older = under(world, PolicySpec(counted="best", superseding="always")).submit("x = 1")
    assert world.submit("x = 2").superseded == (older.submission.number,)


def test_what_a_worker_has_begun_is_graded(world: World) -> None:
    older = under(world, LAST).submit("x = 1")
    world.start(older.run)
    assert world.submit("x = 2").superseded == ()
    world.record(graded(older.run))
    assert status(world, older.submission) is SubmissionStatus.GRADED


def test_what_staff_have_graded_again_is_not_replaced(world: World) -> None:
    older = under(world, LAST).submit("x = 1")
    world.rerun(older.submission.id)
    assert world.submit("x = 2").superseded == ()


def test_a_late_result_of_a_replaced_attempt_is_refused(world: World) -> None:
    older = under(world, LAST).submit("x = 1")
    world.submit("x = 2")
    world.record(graded(older.run))
    assert status(world, older.submission) is SubmissionStatus.SUPERSEDED
    assert world.grade() is None


def test_a_replaced_attempt_is_graded_when_its_student_asks(world: World) -> None:
    older = under(world, LAST).submit("x = 1")
    world.submit("x = 2")
    run_after_all(world, older.submission)
    found = world.submission(older.submission.id)
    assert (found.status, found.superseded_by, used(world)) == (SubmissionStatus.QUEUED, None, 2)
    world.start(found.runs[-1])
    world.record(graded(found.runs[-1]))
    assert status(world, older.submission) is SubmissionStatus.GRADED
    with pytest.raises(NotSuperseded):
        run_after_all(world, older.submission)


def test_it_is_not_graded_on_request_when_no_attempt_is_left(world: World) -> None:
    older = under(world, replace(LAST, attempts=2)).submit("x = 1")
    newer = world.submit("x = 2")
    world.start(newer.run)
    world.submit("x = 3")
    with pytest.raises(HandInRefused, match="All of your 2 attempts are used"):
        run_after_all(world, older.submission)


def test_when_the_newer_one_cannot_be_graded_the_older_one_is(world: World) -> None:
    older = under(world, LAST).submit("x = 1")
    newer = world.submit("x = 2")
    world.start(newer.run)
    world.record(rejected(newer.run))
    found = world.submission(older.submission.id)
    assert (found.status, found.superseded_by) == (SubmissionStatus.QUEUED, None)
    world.record(graded(found.runs[-1]))
    grade = world.grade()
    assert grade is not None
    assert grade.submission_id == older.submission.id


def test_no_more_of_a_student_wait_in_a_course_than_its_terms_allow(world: World) -> None:
    with world.backend.writing() as session:
        session.get_one(Course, world.course.id).queue_terms = {"waiting_most": 2}
    first = world.submit("x = 1")
    world.submit("x = 2")
    with pytest.raises(TooManyWaiting, match="2 of your attempts"):
        world.submit("x = 3")
    world.submit("x = 3", student=world.other)
    world.start(first.run)
    assert world.submit("x = 3").submission.number == 3


def test_a_store_that_takes_nothing_turns_an_upload_away_and_nothing_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_data: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.backend.blobs, "put", full)
    with pytest.raises(StorageUnavailable):
        world.submit("x = 1")
    monkeypatch.undo()
    assert world.submit("x = 1").submission.number == 1
