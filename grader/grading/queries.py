from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, case, func, select, update
from sqlalchemy.orm import Session, aliased, joinedload

from grader.db.inserting import insert_or_ignore
from grader.db.models import (
    Assignment,
    Grade,
    OutboxMessage,
    Run,
    RunStatus,
    Submission,
    SweeperState,
)
from grader.db.sweeper_state import THE_ROW
from grader.groups import queries as groups
from grader.outbox.kinds import RUN_JOB
from worker.contract import GradeStatus, Queue

ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)


def last_run_number(session: Session, submission_id: str) -> int:
    return session.scalar(select(func.max(Run.number)).where(Run.submission_id == submission_id)) or 0


def lock_submission(session: Session, submission_id: str) -> Submission | None:
    """The submission, locked until the transaction ends and read afresh.

    Whoever changes a submission or its runs locks the submission first, so no two of them can wait for each
    other. (SQLite has one writer at a time anyway.)
    """
    query = (
        select(Submission)
        .where(Submission.id == submission_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def submission_id_of_run(session: Session, run_id: str) -> str | None:
    return session.scalar(select(Run.submission_id).where(Run.id == run_id))


def run(session: Session, run_id: str) -> Run | None:
    """The run, read afresh: call it with the submission locked."""
    return session.scalar(select(Run).where(Run.id == run_id).execution_options(populate_existing=True))


def active_run(session: Session, submission_id: str) -> Run | None:
    query = (
        select(Run)
        .where(Run.submission_id == submission_id, Run.status.in_(ACTIVE))
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def tries(session: Session, run: Run) -> list[Run]:
    """`run` and those before it that it tries again, oldest first."""
    query = (
        select(Run)
        .where(Run.submission_id == run.submission_id, Run.number.between(run.number - run.attempt + 1, run.number))
        .order_by(Run.number)
    )
    return list(session.scalars(query))


def deaths_elsewhere(session: Session, lost: Sequence[Run]) -> int:
    """Workers that died at the first try of other notebooks, since the first of the `lost` runs of one began.

    First tries only: another notebook that kills its workers again and again counts once.
    """
    died = case((Run.worker_process == "", Run.id), else_=Run.worker_process)
    query = select(func.count(died.distinct())).where(
        Run.status == RunStatus.LOST,
        Run.finished_at >= min(run.started_at or run.created_at for run in lost),
        Run.attempt == 1,
        Run.submission_id != lost[0].submission_id,
        Run.worker_process.not_in({run.worker_process for run in lost} - {""}),
    )
    return session.scalar(query) or 0


def quarantined(
    session: Session, course_id: str | None, assignment_id: str | None, limit: int
) -> list[tuple[Submission, str]]:
    """Submissions in quarantine, longest first, each with the text for staff of its last run."""
    each = aliased(Run)
    last = select(func.max(each.number)).where(each.submission_id == Submission.id).scalar_subquery()
    query = (
        select(Submission, Run.staff_text)
        .join(Run, (Run.submission_id == Submission.id) & (Run.number == last))
        .where(Submission.quarantined_at.is_not(None))
        .options(joinedload(Submission.assignment), joinedload(Submission.student))
        .order_by(Submission.quarantined_at, Submission.id)
        .limit(limit)
    )
    if course_id is not None:
        query = query.join(Assignment, Assignment.id == Submission.assignment_id).where(
            Assignment.course_id == course_id
        )
    if assignment_id is not None:
        query = query.where(Submission.assignment_id == assignment_id)
    return [(submission, text) for submission, text in session.execute(query)]


def change_run(
    session: Session, run_id: str, lease: str, statuses: Sequence[RunStatus], values: dict[str, Any]
) -> bool:
    """Change the run if it still has this lease and one of these statuses; tells whether it did.

    The condition is part of the UPDATE, so it holds whatever else is going on.
    """
    statement = (
        update(Run)
        .where(Run.id == run_id, Run.lease == lease, Run.status.in_(statuses))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def graded_submissions(session: Session, student_id: str, assignment_id: str) -> list[tuple[Submission, Run]]:
    """The submissions that count for the student and whose counted run was graded, by number."""
    query = (
        select(Submission, Run)
        .join(Run, Run.id == Submission.counted_run_id)
        .where(
            groups.counts_for(session, student_id),
            Submission.assignment_id == assignment_id,
            Run.outcome == GradeStatus.GRADED,
        )
        .order_by(Submission.number)
    )
    return [(submission, counted) for submission, counted in session.execute(query)]


def graded_of_assignment(session: Session, assignment_id: str) -> dict[str, list[tuple[Submission, Run]]]:
    """The same for everybody, by the students' ids."""
    query = (
        select(Submission, Run)
        .join(Run, Run.id == Submission.counted_run_id)
        .where(Submission.assignment_id == assignment_id, Run.outcome == GradeStatus.GRADED)
        .order_by(Submission.number)
    )
    found: dict[str, list[tuple[Submission, Run]]] = {}
    shared = groups.shared_of_assignment(session, assignment_id)
    for submission, counted in session.execute(query):
        for student_id in (submission.student_id, *shared.get(submission.id, ())):
            found.setdefault(student_id, []).append((submission, counted))
    return found


def lock_grades(session: Session, assignment_id: str) -> list[Grade]:
    """All grades of the assignment, locked until the transaction ends, in one order."""
    query = (
        select(Grade)
        .where(Grade.assignment_id == assignment_id)
        .order_by(Grade.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def lock_grade(session: Session, student_id: str, assignment_id: str) -> Grade:
    """The grade's row, made if there is none, locked until the transaction ends."""
    insert_or_ignore(session, Grade, {"student_id": student_id, "assignment_id": assignment_id, "revision": 0})
    query = (
        select(Grade)
        .where(Grade.student_id == student_id, Grade.assignment_id == assignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one()


def lock_sweeper(session: Session, now: datetime) -> SweeperState | None:
    """The sweeper's row, locked; None when another sweep holds it."""
    insert_or_ignore(session, SweeperState, {"id": THE_ROW, "last_at": now, "steady_since": now})
    query = select(SweeperState).where(SweeperState.id == THE_ROW).with_for_update(skip_locked=True)
    return session.scalar(query.execution_options(populate_existing=True))


def expired_runs(session: Session, now: datetime, limit: int) -> list[tuple[str, str]]:
    """(submission id, run id) of running runs whose lease has run out, oldest first."""
    query = (
        select(Run.submission_id, Run.id)
        .where(Run.status == RunStatus.RUNNING, Run.lease_expires_at <= now)
        .order_by(Run.lease_expires_at)
        .limit(limit)
    )
    return [(submission_id, run_id) for submission_id, run_id in session.execute(query)]


def sent_and_waiting(session: Session, sent_before: datetime, limit: int) -> list[Run]:
    """Queued runs whose job was handed to the broker before that time and that owe no other job row."""
    owed = (
        select(OutboxMessage.id)
        .where(OutboxMessage.subject_id == Run.id, OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None))
        .exists()
    )
    query = (
        select(Run)
        .where(Run.status == RunStatus.QUEUED, Run.dispatched_at <= sent_before, ~owed)
        .order_by(Run.dispatched_at)
        .limit(limit)
    )
    return list(session.scalars(query))


def last_sent_of_started(session: Session, queue: Queue, now: datetime) -> datetime | None:
    """When the job was sent that was sent last among those that a worker of this queue has taken up.

    Times after `now` are of a clock that was set back since, and say nothing about the jobs of today.
    """
    query = (
        select(Run.dispatched_at)
        .where(Run.queue == queue, Run.started_at <= now, Run.dispatched_at <= now)
        .order_by(Run.started_at.desc())
        .limit(1)
    )
    return session.scalar(query)
