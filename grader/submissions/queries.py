from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from grader.db.inserting import insert_or_ignore
from grader.db.models import (
    Assignment,
    Blob,
    Grade,
    Run,
    RunStatus,
    Submission,
    SubmissionStatus,
    User,
)
from grader.groups import queries as groups
from grader.submissions.filters import Page, QueueLength, SubmissionFilter, SubmissionRow
from grader.time import utc_now
from worker.contract import Queue


def get(session: Session, submission_id: str) -> Submission | None:
    """A submission with all that its page shows: student, course, version, runs and their checks."""
    query = (
        select(Submission)
        .where(Submission.id == submission_id)
        .options(
            joinedload(Submission.student),
            joinedload(Submission.assignment).joinedload(Assignment.course),
            joinedload(Submission.version),
            selectinload(Submission.runs).options(selectinload(Run.checks), joinedload(Run.version)),
            joinedload(Submission.counted_run).options(selectinload(Run.checks), joinedload(Run.version)),
        )
    )
    return session.scalar(query)


def latest_run(submission: Submission) -> Run:
    """The newest run of a submission that was loaded with its runs."""
    return submission.runs[-1]


def of_student(
    session: Session, *, student_id: str, assignment_id: str | None = None, limit: int = 50, offset: int = 0
) -> list[Submission]:
    """What counts for a student, newest first, each with its assignment, its author and the run that counts."""
    query = (
        select(Submission)
        .where(groups.counts_for(session, student_id))
        .options(joinedload(Submission.assignment), joinedload(Submission.student), joinedload(Submission.counted_run))
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if assignment_id is not None:
        query = query.where(Submission.assignment_id == assignment_id)
    return list(session.scalars(query))


def find(session: Session, filters: SubmissionFilter, *, limit: int = 50, offset: int = 0) -> Page[SubmissionRow]:
    """One page of an assignment's submissions, newest first, and how many there are in all."""
    counted = aliased(Run)
    query = (
        select(Submission, counted.score, counted.max_score, counted.seconds_total)
        .join(Submission.student)
        .outerjoin(counted, counted.id == Submission.counted_run_id)
        .options(contains_eager(Submission.student))
    )
    query = query.where(*_conditions(filters, counted))
    total = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    newest = query.order_by(Submission.created_at.desc(), Submission.id.desc()).limit(limit).offset(offset)
    rows = [SubmissionRow(s, s.student, score, most, seconds) for s, score, most, seconds in session.execute(newest)]
    return Page(rows, total)


def ids_of(session: Session, filters: SubmissionFilter) -> list[str]:
    """The ids of all submissions that `find` would page through, oldest first: for "run all again"."""
    counted = aliased(Run)
    query = (
        select(Submission.id)
        .join(Submission.student)
        .outerjoin(counted, counted.id == Submission.counted_run_id)
        .order_by(Submission.created_at, Submission.id)
    )
    return list(session.scalars(query.where(*_conditions(filters, counted))))


def _conditions(filters: SubmissionFilter, counted: type[Run]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Submission.assignment_id == filters.assignment_id]
    if filters.statuses:
        conditions.append(Submission.status.in_(filters.statuses))
    if text := filters.text.strip():
        fields = (User.name, User.email, Submission.filename)
        conditions.append(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    if filters.latest_only:
        later = aliased(Submission)
        newer = select(later.id).where(
            later.student_id == Submission.student_id,
            later.assignment_id == Submission.assignment_id,
            later.number > Submission.number,
        )
        conditions.append(~newer.exists())
    if filters.score_min is not None:
        conditions.append(counted.score >= filters.score_min)
    if filters.score_max is not None:
        conditions.append(counted.score <= filters.score_max)
    return conditions


def queue_lengths(session: Session) -> dict[Queue, QueueLength]:
    """How many runs wait and run on each queue."""
    query = (
        select(Run.queue, Run.status, func.count())
        .where(Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)))
        .group_by(Run.queue, Run.status)
    )
    counts = {(queue, status): count for queue, status, count in session.execute(query)}
    return {
        queue: QueueLength(queue, counts.get((queue, RunStatus.QUEUED), 0), counts.get((queue, RunStatus.RUNNING), 0))
        for queue in Queue
    }


def grade_of(session: Session, *, student_id: str, assignment_id: str) -> Grade | None:
    return session.scalar(select(Grade).where(Grade.student_id == student_id, Grade.assignment_id == assignment_id))


def grades_of(session: Session, *, assignment_id: str | None = None, student_id: str | None = None) -> list[Grade]:
    """The grades of an assignment (by student's name), or of a student; each with student and assignment."""
    query = (
        select(Grade)
        .join(Grade.student)
        .options(contains_eager(Grade.student), joinedload(Grade.assignment))
        .order_by(User.name, User.email)
    )
    if assignment_id is not None:
        query = query.where(Grade.assignment_id == assignment_id)
    if student_id is not None:
        query = query.where(Grade.student_id == student_id)
    return list(session.scalars(query))


def counts_by_assignment(session: Session, assignment_ids: Collection[str]) -> dict[str, int]:
    """How many submissions each assignment has, of everybody."""
    query = (
        select(Submission.assignment_id, func.count())
        .where(Submission.assignment_id.in_(assignment_ids))
        .group_by(Submission.assignment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def latest_by_assignment(
    session: Session, *, student_id: str, assignment_ids: Collection[str]
) -> dict[str, Submission]:
    """The student's newest submission for each assignment that has one."""
    query = (
        select(Submission)
        .where(groups.counts_for(session, student_id), Submission.assignment_id.in_(assignment_ids))
        .order_by(Submission.number)
    )
    return {submission.assignment_id: submission for submission in session.scalars(query)}


def lock_student(session: Session, student_id: str) -> None:
    """Hold other uploads of this student back until this transaction ends (SQLite: it holds all writers)."""
    session.execute(select(User.id).where(User.id == student_id).with_for_update(key_share=True))


def last_number(session: Session, student_ids: Sequence[str], assignment_id: str) -> int:
    """The highest number among the submissions that count for one of these students; 0 before the first."""
    query = select(func.max(Submission.number)).where(
        groups.counts_for(session, *student_ids), Submission.assignment_id == assignment_id
    )
    return session.scalar(query) or 0


def waiting_in_course(session: Session, student_id: str, course_id: str) -> int:
    """How many attempts of the student wait that nobody has begun."""
    query = (
        select(func.count())
        .select_from(Submission)
        .join(Submission.assignment)
        .where(
            Submission.student_id == student_id,
            Submission.status == SubmissionStatus.QUEUED,
            Assignment.course_id == course_id,
        )
    )
    return session.scalar(query) or 0


def latest_with_digest(session: Session, student_id: str, assignment_id: str, digest: str) -> Submission | None:
    query = (
        select(Submission)
        .where(
            groups.counts_for(session, student_id),
            Submission.assignment_id == assignment_id,
            Submission.digest == digest,
        )
        .order_by(Submission.number.desc())
        .limit(1)
    )
    return session.scalar(query)


def add_blob(session: Session, digest: str, size_bytes: int, now: datetime | None = None) -> None:
    """Note that the store has this file; another student may be noting the same one at this moment.

    A file that was removed once and is handed in again is wanted again.
    """
    insert_or_ignore(session, Blob, {"digest": digest, "size_bytes": size_bytes, "created_at": now or utc_now()})
    again = update(Blob).where(Blob.digest == digest, Blob.removed_at.is_not(None))
    session.execute(again.values(removed_at=None, purged_at=None))


def is_wanted(session: Session, run_id: str, digest: str) -> bool:
    """Whether a worker may still have the file for this run."""
    query = (
        select(Run.id)
        .join(Run.submission)
        .where(
            Run.id == run_id,
            Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)),
            Submission.digest == digest,
        )
    )
    return session.scalar(query) is not None
