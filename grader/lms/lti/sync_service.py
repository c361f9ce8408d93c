"""What people do with grades that go to a platform: send again, and say whether drafts go there too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import LtiContext, LtiGradeSync, LtiLineItem, SyncState
from grader.lms.lti import sync_queries as queries
from grader.lms.lti.sync_errors import NothingToSend
from grader.lms.lti.sync_states import FAILURES
from grader.lms.lti.sync_wants import note, queue

NOT_THERE = (*FAILURES, SyncState.RETRY, SyncState.CONFLICT)


def send_again(session: Session, cell: LtiGradeSync, *, by: Actor, now: datetime) -> None:
    """Send one grade now, whatever became of it before. Raises NothingToSend for one that is on its way.

    It replaces a teacher's own grade where the platform lets it: whoever asks has seen it.
    """
    if cell.state in (SyncState.QUEUED, SyncState.POSTING):
        raise NothingToSend("This grade is on its way already.")
    before = {"state": cell.state.value, "problem": cell.problem}
    _again(cell, now)
    cell.overrule = True
    audit.record(session, by, "lti.grade-sent-again", "lti-grade", cell.id, before=before)


def send_failed_again(session: Session, assignment_id: str, *, by: Actor, now: datetime) -> int:
    """Send again every grade of an assignment that a platform does not have; tells how many.

    Grades above which a teacher's own stands are left alone: those are asked for one by one.
    """
    states = [state for state in NOT_THERE if state is not SyncState.OVERRIDDEN]
    query = (
        select(LtiGradeSync)
        .join(LtiGradeSync.line_item)
        .where(LtiLineItem.assignment_id == assignment_id, LtiGradeSync.state.in_(states))
        .order_by(LtiGradeSync.id)
        .with_for_update(of=LtiGradeSync)
    )
    found: Sequence[LtiGradeSync] = list(session.scalars(query))
    for cell in found:
        _again(cell, now)
    after = {"grades": len(found)}
    audit.record(session, by, "lti.grades-sent-again", "assignment", assignment_id, after=after)
    return len(found)


def send_drafts(session: Session, context: LtiContext, *, drafts: bool, by: Actor, now: datetime) -> None:
    """Whether grades go to the platform while students do not see them here."""
    if context.sends_drafts is drafts:
        return
    context.sends_drafts = drafts
    session.flush()
    after = {"drafts": drafts}
    audit.record(session, by, "lti.drafts", "lti-context", context.id, before={"drafts": not drafts}, after=after)
    for grade in queries.grades_of_context(session, context):
        note(session, grade, now)


def _again(cell: LtiGradeSync, now: datetime) -> None:
    cell.failure_told, cell.difference = False, ""
    queue(cell, now)
