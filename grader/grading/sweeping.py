"""Bringing back what was lost: runs of workers that died, jobs that the broker forgot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Run, RunStatus, SweeperState
from grader.grading import queries, retries
from grader.grading.clocks import mend_set_back
from grader.grading.outcomes import Swept
from grader.grading.rules import GradingRules
from grader.outbox import service as outbox
from worker.contract import Queue

AT_ONCE = 200  # rows of one sweep: its transaction stays short, the rest comes with the next
_GAP_SWEEPS = 3  # sweeps missed before we call it an outage
_OVERTAKEN = timedelta(seconds=30)
_LONGEST_GRACE = timedelta(minutes=10)
_SWEEPER = Actor.system("sweeper")

_MANY_RESULTS = 100  # waiting: heartbeats among them are late through no fault of the workers


@dataclass(frozen=True)
class BrokerView:
    """Messages that wait in each queue; None where the broker could not be asked."""

    jobs: Mapping[Queue, int | None]
    results: int | None

    @property
    def workers_are_heard(self) -> bool:
        return self.results is not None and self.results < _MANY_RESULTS


def sweep(session: Session, now: datetime, rules: GradingRules, view: BrokerView) -> Swept:
    """One round. Any number of sweepers may run; one at a time gets anything to do."""
    state = queries.lock_sweeper(session, now)
    if state is None:
        return Swept(skipped=True)
    mend_set_back(session, state.last_at, now, rules)
    lost = _lose_silent(session, now, rules) if _steady(state, now, rules, view) else 0
    state.last_at = now
    return Swept(lost, _send_again(session, now, rules, view))


def _steady(state: SweeperState, now: datetime, rules: GradingRules, view: BrokerView) -> bool:
    """Whether workers could be heard, without a gap, for as long as a lease lasts; see SweeperState."""
    gap_s = (now - state.last_at).total_seconds()
    if not view.workers_are_heard or not 0 <= gap_s <= max(_GAP_SWEEPS * rules.sweep_s, 1.0):
        state.steady_since = now
    return now - state.steady_since >= rules.lease


def _lose_silent(session: Session, now: datetime, rules: GradingRules) -> int:
    lost = 0
    for submission_id, run_id in sorted(queries.expired_runs(session, now, AT_ONCE)):
        submission = queries.lock_submission(session, submission_id)
        run = queries.run(session, run_id)
        # Looked at again under the lock: a heartbeat may have come in between.
        if submission is None or run is None or run.lease_expires_at is None or run.lease_expires_at > now:
            continue
        lost += retries.lose(session, submission, run, now, rules)
    return lost


def _send_again(session: Session, now: datetime, rules: GradingRules, view: BrokerView) -> int:
    """Owe the job of each run again whose message must have been lost on its way.

    That is so when the queue is empty and no worker has said that it took the run up; or when jobs that were
    sent well after it have been taken up. A run that merely waits in a long queue is left alone: sending it
    again would make the queue longer still.
    """
    grace = timedelta(seconds=rules.dispatch_grace_s)
    taken = {queue: queries.last_sent_of_started(session, queue, now) for queue in Queue}
    again = 0
    for run in queries.sent_and_waiting(session, now - grace, AT_ONCE):
        assert run.dispatched_at is not None
        patience = min(grace * 2 ** max(run.dispatches - 1, 0), _LONGEST_GRACE)
        later = taken[run.queue]
        overtaken = later is not None and later - run.dispatched_at > _OVERTAKEN
        if run.dispatched_at > now - patience or not (view.jobs.get(run.queue) == 0 or overtaken):
            continue
        _owe_again(session, run)
        again += 1
    return again


def _owe_again(session: Session, run: Run) -> None:
    # Under the same lease: should the first message turn up after all, one of the two results is a duplicate.
    assert run.status is RunStatus.QUEUED
    outbox.add_job(session, run)
    audit.record(session, _SWEEPER, "run.sent-again", "run", run.id, after={"dispatches": run.dispatches})
