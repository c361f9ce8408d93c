from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import (
    Assignment,
    AssignmentVersion,
    Course,
    Role,
    Run,
    RunCause,
    Source,
    Submission,
    SubmissionMember,
    SubmissionStatus,
    User,
)
from grader.grading import queries as grading
from grader.grading import runs, superseding
from grader.groups import queries as groups
from grader.outbox import service as outbox
from grader.outbox.kinds import SUBMISSION_RECEIVED
from grader.policies import queries as policies
from grader.policies.errors import HandInRefused
from grader.policies.evaluation import Refusal, room
from grader.queueing.terms import QueueTerms
from grader.retention import removed
from grader.signing import Signer
from grader.storage import BlobMissing, BlobStore
from grader.submissions import queries
from grader.submissions.errors import (
    AssignmentNotOpen,
    NotebookMissing,
    NotEnrolled,
    NotSuperseded,
    TooManyWaiting,
)
from grader.submissions.intake import Upload, clean_answers, receive
from grader.time import utc_now

__all__ = [
    "Accepted",
    "Upload",
    "accept",
    "may_send_executed",
    "open_blob",
    "read_executed_file",
    "read_notebook_file",
    "receive",
    "run_superseded",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Accepted:
    """`same_as` is the student's latest earlier submission with the very same file."""

    submission: Submission
    run: Run
    same_as: Submission | None
    superseded: tuple[int, ...] = ()  # numbers of the student's attempts whose place it took


def accept(
    session: Session,
    *,
    upload: Upload,
    student: User,
    assignment: Assignment,
    answers: Mapping[str, str],
    source: Source,
    now: datetime | None = None,
) -> Accepted:
    """Record a submission, its first run and the job that is owed for it, all in this transaction.

    Staff may hand in whatever the rules say, to try it. Raises NotEnrolled, AssignmentNotOpen, AnswersRefused,
    HandInRefused, TooManyWaiting.
    """
    now = now or utc_now()
    version, role = _version_to_grade(session, student, assignment)
    cleaned = clean_answers(answers, release_of(version))
    members = _lock(session, assignment, student, alone=role.is_staff)
    if not role.is_staff:
        _require_room(session, student, assignment, now)
    same_as = queries.latest_with_digest(session, student.id, assignment.id, upload.digest)
    queries.add_blob(session, upload.digest, upload.size_bytes)
    submission = Submission(
        student_id=student.id,
        assignment_id=assignment.id,
        version_id=version.id,
        digest=upload.digest,
        filename=upload.filename,
        answers=cleaned,
        number=queries.last_number(session, members, assignment.id) + 1,
        source=source,
        status=SubmissionStatus.QUEUED,
        created_at=now,
    )
    session.add(submission)
    session.flush()
    for member in members:
        if member != student.id:
            session.add(SubmissionMember(submission_id=submission.id, student_id=member))
    _tell(session, submission)
    run = runs.add(session, submission, version, RunCause.SUBMITTED, runs.SUBMISSIONS)
    superseded: list[int] = []
    if not role.is_staff:
        if policies.policy_in_force(assignment, version).supersedes:
            superseded = superseding.supersede_waiting(session, submission, members)
        _require_place(session, student, assignment)
    return Accepted(submission, run, same_as, tuple(superseded))


def run_superseded(session: Session, *, submission_id: str, by: User) -> Run:
    """Grade an attempt after all whose place a newer one took. It uses an attempt up, as any other.

    Raises NotSuperseded, FileRemoved; HandInRefused when no attempt is left.
    """
    submission = session.get_one(Submission, submission_id)
    queries.lock_student(session, submission.student_id)
    locked = grading.lock_submission(session, submission_id)
    if locked is None or locked.status is not SubmissionStatus.SUPERSEDED:
        raise NotSuperseded
    removed.require_handed_in(session, locked)
    assignment = session.get_one(Assignment, locked.assignment_id)
    terms = policies.terms_of(session, assignment, locked.student_id)
    made = policies.attempts_made(session, assignment_id=assignment.id, student_id=locked.student_id)
    if terms.attempts is not None and len(made) >= terms.attempts:
        raise HandInRefused(Refusal("no-attempts-left"), terms)
    return superseding.run_after_all(session, locked, RunCause.SUBMITTED, Actor.of(by))


def _lock(session: Session, assignment: Assignment, student: User, *, alone: bool) -> list[str]:
    """For whom the upload is to count. Two uploads at once must get neither one number nor one last attempt."""
    queries.lock_student(session, student.id)
    if alone or assignment.group_rules is None:
        return [student.id]
    own = groups.memberships(session, assignment.id, [student.id])
    groups.lock_groups(session, [membership.group_id for membership in own])
    enrolled = {e.user_id for e in courses.people_of(session, assignment.course_id) if e.role is Role.STUDENT}
    return [mate for mate in groups.mates_of(session, assignment, student.id) if mate in enrolled]


def _tell(session: Session, submission: Submission) -> None:
    owner = {"student_id": submission.student_id, "assignment_id": submission.assignment_id}
    payload = {"submission_id": submission.id, **owner, "number": submission.number}
    outbox.add(session, SUBMISSION_RECEIVED, submission.id, payload)


def _version_to_grade(session: Session, student: User, assignment: Assignment) -> tuple[AssignmentVersion, Role]:
    role = courses.role_of(session, user_id=student.id, course_id=assignment.course_id)
    if role is None:
        raise NotEnrolled
    version = courses.current_version(session, assignment.id)
    if version is None or not (role.is_staff or assignment.published):
        raise AssignmentNotOpen
    return version, role


def _require_room(session: Session, student: User, assignment: Assignment, now: datetime) -> None:
    """Raises HandInRefused when the rules do not let the student hand in now."""
    terms = policies.terms_of(session, assignment, student.id)
    made = policies.attempts_made(session, assignment_id=assignment.id, student_id=student.id)
    refusal = room(terms, now, made).refusal
    if refusal is not None:
        raise HandInRefused(refusal, terms)


def _require_place(session: Session, student: User, assignment: Assignment) -> None:
    """Raises TooManyWaiting. The upload itself is among those that wait."""
    most = QueueTerms.of(session.get_one(Course, assignment.course_id).queue_terms).waiting_most
    waiting = queries.waiting_in_course(session, student.id, assignment.course_id)
    if most is not None and waiting > most:
        raise TooManyWaiting(waiting - 1)


def read_notebook_file(blobs: BlobStore, submission: Submission, *, digest: str | None = None) -> bytes:
    """The notebook exactly as it was uploaded, or what of this submission has `digest`. Raises NotebookMissing."""
    try:
        return blobs.get(digest or submission.digest)
    except BlobMissing as problem:
        log.error("a file of submission %s: %s", submission.id, problem)
        raise NotebookMissing from None


def open_blob(session: Session, blobs: BlobStore, signer: Signer, token: str) -> bytes | None:
    """The notebook that a worker's ticket is for; None when the ticket is forged, expired or used up.

    A ticket ends with its run, so a leaked URL, or a job message that arrives a second time, opens nothing.
    """
    ticket = signer.read(token)
    if ticket is None or not queries.is_wanted(session, ticket.run_id, ticket.digest):
        return None
    try:
        return blobs.get(ticket.digest)
    except BlobMissing as problem:
        log.error("a worker asked for a notebook in vain: %s [run=%s]", problem, ticket.run_id)
        return None


def may_send_executed(session: Session, signer: Signer, token: str) -> bool:
    """Whether a worker may send the executed notebook back under this ticket now."""
    ticket = signer.read(token)
    return ticket is not None and queries.is_wanted(session, ticket.run_id, ticket.digest)


def read_executed_file(blobs: BlobStore, run: Run) -> bytes | None:
    """The notebook with the outputs of this run; None where the worker sent none, or it is gone."""
    if run.executed_digest is None:
        return None
    try:
        return blobs.get(run.executed_digest)
    except BlobMissing:
        return None
