"""Whatever happens in whatever order, each submission ends with one counted result: the one of a quiet day."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from grader.audit.queries import entries_for
from grader.db.models import Run, RunStatus, SubmissionStatus
from grader.grading.states import RUN, RunEvent
from grader.policies.queries import attempts_made
from tests.chaos.course import Course

EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "6"))
STEPS = 50
SUBMISSIONS = 3  # few, so that much happens to each
SEED_IS_FIXED = "CHAOS_EXAMPLES" not in os.environ

OFTEN = ("a_worker_takes_a_job", "a_worker_ends", "news_arrive", "workers_are_silent_for_long")
NOW_AND_THEN = (
    "a_job_is_doubled", "a_job_is_lost", "a_worker_gives_a_sign_of_life", "a_worker_crashes", "a_slot_dies",
    "a_worker_is_stopped", "news_are_doubled", "news_are_lost", "staff_run_it_again", "the_clock_jumps",
    "the_sweeper_comes", "the_broker_is_away_for_a_moment",
)  # fmt: skip
EVENTS = OFTEN * 3 + ("a_worker_is_stopped",) * 2 + NOW_AND_THEN

which = st.integers(0, 5)

Some = TypeVar("Some")


def chosen(things: Sequence[Some], n: int) -> Some | None:
    return things[n % len(things)] if things else None


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.course = Course()
        for _ in range(SUBMISSIONS):
            self.course.submit()

    @rule(what=st.sampled_from(EVENTS), n=which, flag=st.booleans())
    def something_happens(self, what: str, n: int, flag: bool) -> None:
        """One rule and no more: of several, Hypothesis would leave out some in each example."""
        getattr(self, f"_{what}")(n, flag)

    def _a_worker_takes_a_job(self, n: int, heard: bool) -> None:
        if job := chosen(self.course.jobs, n):
            self.course.take(job)
            self._news_arrive(-1, heard)

    def _a_job_is_doubled(self, n: int, _: bool) -> None:
        if job := chosen(self.course.jobs, n):
            self.course.jobs.append(job)

    def _a_job_is_lost(self, n: int, _: bool) -> None:
        if job := chosen(self.course.jobs, n):
            self.course.jobs.remove(job)

    def _a_worker_ends(self, n: int, heard: bool) -> None:
        if worker := chosen(self.course.working, n):
            self.course.finish(worker, well=n != 0)
            self._news_arrive(-1, heard)

    def _a_worker_gives_a_sign_of_life(self, n: int, heard: bool) -> None:
        if worker := chosen(self.course.working, n):
            self.course.news.append(worker.news())
            self._news_arrive(-1, heard)

    def _a_worker_crashes(self, n: int, _: bool) -> None:
        if worker := chosen(self.course.working, n):
            self.course.working.remove(worker)

    def _a_slot_dies(self, n: int, heard: bool) -> None:
        if worker := chosen(self.course.working, n):
            self.course.die(worker)
            self._news_arrive(-1, heard)

    def _a_worker_is_stopped(self, n: int, heard: bool) -> None:
        if worker := chosen(self.course.working, n):
            self.course.stop(worker)
            self._news_arrive(-1, heard)

    def _news_arrive(self, n: int, really: bool) -> None:
        if really and (news := chosen(self.course.news, n)):
            self.course.deliver(news)

    def _news_are_doubled(self, n: int, _: bool) -> None:
        if news := chosen(self.course.news, n):
            self.course.news.append(news)
            self.course.deliver(news)

    def _news_are_lost(self, n: int, _: bool) -> None:
        if news := chosen(self.course.news, n):
            self.course.news.remove(news)

    def _staff_run_it_again(self, n: int, release: bool) -> None:
        submission = self.course.world.submission(self.course.submissions[n % SUBMISSIONS])
        if release or submission.quarantined_at is None:
            self.course.world.rerun(submission.id, release=release)

    def _the_clock_jumps(self, n: int, back: bool) -> None:
        self.course.world.later((1.0, 40.0, 61.0, 90.0, 400.0, 4000.0)[n] * (-1 if back else 1))

    def _the_sweeper_comes(self, n: int, _: bool) -> None:
        self.course.world.later(10.0 * n)
        self.course.sweep()

    def _workers_are_silent_for_long(self, _n: int, _: bool) -> None:
        for _ in range(2):
            self.course.world.later(35.0)
            self.course.sweep()

    def _the_broker_is_away_for_a_moment(self, n: int, _: bool) -> None:
        self.course.down = True
        self._the_sweeper_comes(n, True)
        self.course.down = False

    @invariant()
    def every_rule_holds(self) -> None:
        self.course.check()

    def teardown(self) -> None:
        try:
            self.course.settle()
            self.course.check()
            self._each_ends_well()
        finally:
            self.course.close()

    def _each_ends_well(self) -> None:
        course, best = self.course, dict[str, float]()
        for submission_id in course.submissions:
            submission = course.world.submission(submission_id)
            assert submission.status is SubmissionStatus.GRADED
            worth = course.score_of(submission_id)
            best[submission.student_id] = max(worth, best.get(submission.student_id, 0.0))
            for run in submission.runs:
                self._steps_are_in_the_audit(run)
        for student in (course.world.student, course.world.other):
            mine = [s for s in course.submissions if course.world.submission(s).student_id == student.id]
            with course.world.backend.reading() as session:
                made = attempts_made(session, assignment_id=course.world.assignment.id, student_id=student.id)
            assert len(made) == len(mine), "attempts are what students handed in, not what we needed"
            grade = course.world.grade(student)
            assert (grade.score if grade else None) == best.get(student.id)

    def _steps_are_in_the_audit(self, run: Run) -> None:
        """From being queued to its end without a gap, each by a step that the state machine has."""
        with self.course.world.backend.reading() as session:
            entries = list(reversed(entries_for(session, "run", run.id)))
        steps = [e for e in entries if e.action.removeprefix("run.") in set(RunEvent) | {"queued"}]
        assert steps[0].action == "run.queued"
        for before, step in pairwise(steps):
            sources, target = RUN[RunEvent(step.action.removeprefix("run."))]
            assert step.before is not None
            assert step.after is not None
            assert before.after is not None
            assert before.after["status"] == step.before["status"]
            assert RunStatus(step.before["status"]) in sources
            assert RunStatus(step.after["status"]) is target
        assert steps[-1].after is not None
        assert steps[-1].after["status"] == run.status.value


CHAOS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=SEED_IS_FIXED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_whatever_happens_each_submission_ends_with_the_one_result_of_a_quiet_day() -> None:
    # Hypothesis would parse every module of ours for interesting numbers first: half a minute for nothing.
    with patch.object(providers, "_get_local_constants", Constants, create=True):
        run_state_machine_as_test(AnyOrder, settings=CHAOS)
