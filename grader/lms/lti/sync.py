"""Sending grades: claim and commit, send outside any transaction, record and commit.

The database has schedule and leases. A sender that dies after the platform's answer leaves a lease that runs out; the
score is sent again with a later timestamp, which changes nothing there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.lms.http.client import Reply
from grader.lms.lti import sync_queries as queries
from grader.lms.lti import sync_records as records
from grader.lms.lti.grades import Result, compare, newer_than, score_body
from grader.lms.lti.sync_platform import Column, Gradebook, Unusable, excerpt
from grader.lms.lti.sync_records import Outcome, Parcel
from grader.lms.lti.sync_states import (
    Answer,
    Reading,
    classify,
    decide,
    look_first,
    must_look,
)
from grader.measuring import figures
from grader.time import utc_now
from telemetry import context, tracing

log = logging.getLogger(__name__)

TURN_S = 30.0  # then another column's turn may come
PASSING = frozenset({Answer.AWAY, Answer.FAULT, Answer.SLOW_DOWN})  # the next look may succeed
TURN_LEASE = timedelta(minutes=5)  # longer than anything that is done without prolonging it

Writing = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Courier:
    writing: Writing
    gradebook: Gradebook
    clock: Callable[[], datetime] = utc_now

    def serve(self, item_id: str) -> int:
        """Send what is due to one column, one cell after the other; tells how many were tried.

        Ends early where what one cell met, all would meet: the platform is away, or wants to be asked less often.
        """
        with self.writing() as session:
            turn = queries.take_turn(session, item_id, self.clock(), self.clock() + TURN_LEASE)
        if turn is None:
            return 0
        tried, end = 0, time.monotonic() + TURN_S
        try:
            while time.monotonic() < end:
                with self.writing() as session:
                    held = queries.keep_turn(session, item_id, turn, self.clock() + TURN_LEASE)
                    parcel = records.claim(session, item_id, self.clock()) if held else None
                if parcel is None:
                    break
                tried += 1
                outcome = self._told(parcel)
                with self.writing() as session:
                    goes_on = records.record(session, parcel, outcome, self.clock())
                if not goes_on:
                    break
        finally:
            with self.writing() as session:
                queries.keep_turn(session, item_id, turn, None)
        return tried

    def _told(self, parcel: Parcel) -> Outcome:
        """Carry it, and say so to those who watch the service."""
        submission = parcel.submission_id
        with context.bound(submission=submission, cell=parcel.cell_id):
            with tracing.span("lti", submission, cell=parcel.cell_id):
                outcome = self._carry(parcel)
            if outcome.answer is not None:
                figures.delivery("lti", delivered=outcome.answer is Answer.ACCEPTED)
                fields = {"answer": outcome.answer.value, "status": outcome.reply.status}
                log.info("grade sent to a platform", extra={"fields": fields})
        return outcome

    def _carry(self, parcel: Parcel) -> Outcome:
        """Never raises for what the platform does."""
        column = parcel.place.column
        try:
            if column is None:
                column = self.gradebook.column(parcel.place)
            column = self.gradebook.described(parcel.place.platform, column)
            if must_look(parcel.want, parcel.place.family, overrule=parcel.overrule):
                outcome = self._look(parcel, column)
                if outcome is not None:
                    return outcome
        except Unusable as problem:
            return self._unusable(parcel, problem, column)
        return self._post(parcel, column)

    def _look(self, parcel: Parcel, column: Column) -> Outcome | None:
        """What follows from what stands there; None: send. Raises Unusable where sending blindly could erase a grade.

        Some platforms let no tool read: there a grade that was never seen to differ is sent unread.
        """
        try:
            result = self._result(parcel, column)
        except Unusable as problem:
            status = problem.reply.status  # None: no answer, or no token for reading; without one, none gets through
            passing = status is not None and classify(status, excerpt(problem.reply), parcel.place.family) in PASSING
            if passing or parcel.want.score is None or parcel.difference:
                raise
            return None
        step = look_first(parcel.want, result, parcel.ours, column.maximum)
        if step is None:
            return None
        known = Reading(result, compare(parcel.want, result, column.maximum))
        return Outcome(step, None, Reply(0.0, 200), False, known, column)

    def _post(self, parcel: Parcel, column: Column) -> Outcome:
        family = parcel.place.family
        body = score_body(
            parcel.sub,
            parcel.want,
            parcel.stamp,
            family=family,
            first=parcel.last_stamp is None,
            submitted_at=parcel.submitted_at,
        )
        reply = self.gradebook.post(parcel.place.platform, column, body)
        answer = classify(reply.status, excerpt(reply), family)
        reading = self._read_back(parcel, column) if answer in (Answer.ACCEPTED, Answer.STALE) else None
        step = decide(parcel.want, answer, reading, parcel.tries)
        newer = _newer(reply, reading) if answer is Answer.STALE else None
        return Outcome(step, answer, reply, True, reading, column, newer)

    def _read_back(self, parcel: Parcel, column: Column) -> Reading | None:
        try:
            result = self._result(parcel, column)
        except Unusable:
            return None
        return Reading(result, compare(parcel.want, result, column.maximum))

    def _result(self, parcel: Parcel, column: Column) -> Result | None:
        return self.gradebook.result(parcel.place.platform, column, parcel.sub)

    def _unusable(self, parcel: Parcel, problem: Unusable, column: Column | None) -> Outcome:
        """Nothing was sent: the column could not be had, or not be read where it had to be."""
        answer = classify(problem.reply.status, excerpt(problem.reply), parcel.place.family)
        if answer in (Answer.ACCEPTED, Answer.STALE, Answer.NOT_A_STUDENT):
            answer = Answer.REFUSED
        step = decide(parcel.want, answer, None, parcel.tries)
        return Outcome(step, answer, problem.reply, False, None, column, text=str(problem))


def _newer(reply: Reply, reading: Reading | None) -> datetime | None:
    """The time that the next timestamp must be later than, where the platform lets us know."""
    shown = reading.result.at if reading is not None and reading.result is not None else None
    return max(filter(None, (shown, newer_than(excerpt(reply)))), default=None)
