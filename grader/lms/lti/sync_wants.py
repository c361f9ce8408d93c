"""From grades to cells: what each platform's gradebook should hold. The latest wins; nothing is queued twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, Grade, LtiContext, LtiGradeSync, OutboxMessage, SyncState
from grader.lms.lti import sync_queries as queries
from grader.lms.lti.grades import Want
from grader.outbox.kinds import GRADE_CHANGED, GRADE_RELEASED, GRADE_RETRACTED, SUBMISSION_GRADED

# A graded submission says nothing that the grade does not, except where drafts are sent: hidden grades have no events.
HEARD = frozenset({GRADE_CHANGED, GRADE_RELEASED, GRADE_RETRACTED, SUBMISSION_GRADED})
BATCH = 200


def hear(session: Session, message: OutboxMessage, now: datetime) -> None:
    """Take in an event of the outbox, in the transaction that marks it as dispatched.

    The event only says that something changed: what the cells want is read from the grade, so a late or repeated
    event is harmless.
    """
    if message.kind not in HEARD:
        return
    student_id, assignment_id = message.payload.get("student_id"), message.payload.get("assignment_id")
    query = select(Grade).where(Grade.student_id == student_id, Grade.assignment_id == assignment_id)
    grade = session.scalar(query) if student_id and assignment_id else None
    if grade is not None:
        note(session, grade, now)


def catch_up(session: Session, now: datetime) -> int:
    """Grades that no cell has heard of yet, and cells of people who came back; tells how many grades."""
    found = queries.grades_to_note(session, BATCH)
    for grade in found:
        note(session, grade, now)
    for cell in queries.blocked_and_seen_again(session):
        queue(cell, now)
    return len(found)


def note(session: Session, grade: Grade, now: datetime) -> None:
    """Bring every cell of the grade up to it."""
    contexts = queries.contexts_of(session, grade)
    if not contexts:
        return
    assignment = session.get_one(Assignment, grade.assignment_id)
    version = courses.current_version(session, assignment.id)
    most = grade.max_score or (version.max_score if version is not None else 0.0)
    for context in contexts:
        item = queries.line_item(session, context, assignment)
        want = wanted(grade, assignment, context, most)
        make = None
        if want.score is not None:
            make = {"wanted_revision": want.revision, "wanted_score": want.score, "wanted_maximum": want.maximum,
                    "wanted_draft": want.draft, "next_try_at": now}  # fmt: skip
        cell = queries.lock_cell(session, item.id, grade.student_id, make)
        if cell is not None:
            bring_up(cell, want, now)


def wanted(grade: Grade, assignment: Assignment, context: LtiContext, most: float) -> Want:
    """What a platform's cell should hold: nothing, where students are not to see the grade."""
    hidden = assignment.grades_hidden
    shown = grade.score is not None and (not hidden or context.sends_drafts)
    return Want(grade.revision, grade.score if shown else None, most, draft=hidden and shown)


def bring_up(cell: LtiGradeSync, want: Want, now: datetime) -> None:
    """Let a cell want `want`, unless it wants something newer already."""
    if want.revision < cell.wanted_revision:
        return
    before = want_of(cell)
    cell.wanted_revision = want.revision
    if (before.score, before.draft) == (want.score, want.draft) and (
        want.score is None or before.maximum == want.maximum
    ):
        if cell.acked_revision == before.revision:
            cell.acked_revision = want.revision  # another revision of equal worth: the platform has it already
        return
    cell.wanted_score, cell.wanted_draft = want.score, want.draft
    if want.score is not None:  # a grade that was taken back is compared in the points in which it was sent
        cell.wanted_maximum = want.maximum
    cell.failure_told = False
    queue(cell, now)


def queue(cell: LtiGradeSync, now: datetime) -> None:
    """Have a cell sent. One that is being sent now is sent again afterwards, when its answer is recorded."""
    cell.tries, cell.problem = 0, ""
    cell.next_try_at = now
    if cell.state is SyncState.POSTING:
        return
    if cell.wanted_score is None and cell.last_timestamp is None:  # nothing was ever sent: nothing to take back
        cell.state, cell.acked_revision, cell.acked_score = SyncState.ACKED, cell.wanted_revision, None
        return
    cell.state = SyncState.QUEUED


def want_of(cell: LtiGradeSync) -> Want:
    return Want(cell.wanted_revision, cell.wanted_score, cell.wanted_maximum or 0.0, cell.wanted_draft)
