"""Every night: read a column's results back and say what differs. Nothing is ever overwritten here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from grader.db.models import LtiGradeSync, LtiLineItem, SyncState
from grader.lms.lti import queries as lti
from grader.lms.lti import sync_queries as queries
from grader.lms.lti import sync_records as records
from grader.lms.lti.grades import Match, Result, Want, compare
from grader.lms.lti.sync_platform import Gradebook, Unusable
from grader.lms.lti.sync_states import Step, difference
from grader.lms.lti.sync_wants import queue
from grader.time import utc_now

NIGHT_HOUR = 2  # UTC
_NO_ACCOUNT = "The results could not be read back: {why}"


@dataclass(frozen=True)
class Reconciled:
    compared: int = 0
    differ: int = 0
    problem: str = ""


def last_night(now: datetime) -> datetime:
    """When the reconciliation before `now` was due."""
    tonight = now.astimezone(UTC).replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight <= now else tonight - timedelta(days=1)


@dataclass(frozen=True)
class Auditor:
    writing: Callable[[], AbstractContextManager[Session]]
    gradebook: Gradebook
    clock: Callable[[], datetime] = utc_now

    def reconcile(self, item_id: str) -> Reconciled:
        """Compare what the platform shows with what it acknowledged, cell by cell."""
        began = self.clock()
        with self.writing() as session:
            item = queries.item(session, item_id, lock=True)
            if item is None:
                return Reconciled()
            item.reconciled_at = began  # before the work: one that fails comes again the next night
            place = records.place_of(item, 0.0)
        if place.column is None:
            return Reconciled()
        try:
            found = self.gradebook.results(place.platform, place.column)
        except Unusable as error:
            with self.writing() as session:
                return _unread(session, item_id, str(error))
        with self.writing() as session:
            return _compare(session, item_id, found, began, self.clock())


def _unread(session: Session, item_id: str, why: str) -> Reconciled:
    problem = _NO_ACCOUNT.format(why=why)
    item = queries.item(session, item_id, lock=True)
    if item is not None:
        item.problem = problem
    return Reconciled(problem=problem)


def _compare(session: Session, item_id: str, found: dict[str, Result], began: datetime, now: datetime) -> Reconciled:
    item = queries.item(session, item_id, lock=True)
    if item is None:
        return Reconciled()
    item.problem = ""
    registration_id = item.context.deployment.registration.id
    compared = differ = 0
    for cell in queries.cells_read_back(session, item_id):
        link = lti.link_of_user(session, registration_id, cell.user_id)
        if link is None or (cell.last_try_at is not None and cell.last_try_at >= began):
            continue  # sent while the results were being read: they may be older
        compared += 1
        differ += _one(session, cell, item, found.get(link.sub), now)
    return Reconciled(compared, differ)


def _one(session: Session, cell: LtiGradeSync, item: LtiLineItem, result: Result | None, now: datetime) -> bool:
    """Note how a cell differs from what was acknowledged; tells whether it does."""
    sent = Want(cell.acked_revision or 0, cell.acked_score, cell.wanted_maximum or 0.0)
    cell.read_at = now
    cell.read_score, cell.read_maximum = (result.score, result.maximum) if result is not None else (None, None)
    if compare(sent, result, item.score_maximum) not in (Match.SAME, Match.CLIPPED):
        text = difference(sent, result)
        records.enter(session, cell, item, Step(SyncState.OVERRIDDEN, text, difference=text))
        return True
    if cell.state is SyncState.OVERRIDDEN or cell.difference:
        records.enter(session, cell, item, Step(SyncState.ACKED))
        if (cell.acked_score, cell.acked_revision) != (cell.wanted_score, cell.wanted_revision):
            queue(cell, now)  # the teacher's own grade is gone: what was held back may go
    return False
