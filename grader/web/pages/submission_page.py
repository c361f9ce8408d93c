"""What the page of one submission shows around its live state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.audit import queries as audit
from grader.courses.service import release_of
from grader.db.models import AuditEntry, Run, RunCause, RunStatus, Submission, SubmissionStatus
from grader.groups import queries as groups
from grader.policies import queries as policies
from grader.retention import removed
from grader.submissions import queries as submissions
from grader.time import utc_now
from grader.waiting.service import waiting_of
from grader.web import access, formats
from grader.web.access import SubmissionScope
from grader.web.backend import backend
from grader.web.outline import outline_for
from grader.web.pages.rows import AttemptRow, Standing, attempt_rows
from grader.web.submission_state import SubmissionState, state_of
from worker.contract import GradeStatus

ATTEMPTS_MOST = 200


@dataclass(frozen=True)
class RunRow:
    created_at: datetime
    text: str


@dataclass(frozen=True)
class AuditRow:
    at: datetime
    text: str


@dataclass(frozen=True)
class SubmissionPage:
    id: str
    number: int
    assignment_title: str
    assignment_url: str
    staff_url: str | None
    author: str  # "" where the reader handed it in
    shared_with: list[str]  # for whom it counts beside the author
    own: bool  # it counts for the reader
    created_at: datetime
    file_name: str
    same_as: int | None
    answers: list[tuple[str, str]]
    attempts: list[AttemptRow]
    runs: list[RunRow]  # for staff
    audit: list[AuditRow]  # for staff
    events_url: str
    notebook_url: str | None  # None: the file was removed
    downloads: list[tuple[str, str]]  # text and address
    lateness: str  # how late this attempt was, and what that cost
    resubmit_url: str | None
    run_url: str | None  # of an attempt that a newer one replaced, for whoever handed it in
    rerun_url: str | None
    quarantined_at: datetime | None  # shown to staff alone
    removed: str  # of the handed-in file, where the rule for old files took it
    executed_removed: str


def live_state(session: Session, submission: Submission, *, staff: bool) -> SubmissionState:
    """The state that the page, every event and the API tell."""
    waiting = progress = None
    if not submission.status.is_final:
        waiting = waiting_of(session, submissions.latest_run(submission), utc_now())
        progress = backend().progress.latest(submission.id)
    outline = outline_for(session, submission)
    return state_of(submission, waiting=waiting, progress=progress, outline=outline, staff=staff)


def document_title(submission: Submission, state: SubmissionState) -> str:
    """The title of the browser's tab, so that a result is noticed in another tab."""
    if state.pending is not None:
        what = state.pending.headline
    elif state.result is not None and state.result.outcome is GradeStatus.GRADED and not state.result.withheld:
        what = f"{formats.points(state.result.score)} of {formats.points(state.result.max_score)} points"
    else:
        what = state.headline
    return f"{what} · {submission.assignment.title} · Grader"


def submission_page(session: Session, scope: SubmissionScope) -> SubmissionPage:
    submission = scope.submission
    assignment = submission.assignment
    address: dict[str, Any] = {"course_slug": assignment.course.slug, "slug": assignment.slug}
    reader = access.caller_user()
    student_id = reader.id if scope.own else submission.student_id  # of a group, each member has an own standing
    attempts = submissions.of_student(
        session,
        student_id=student_id,
        assignment_id=assignment.id,
        limit=ATTEMPTS_MOST,
        offset=0,
    )
    standing = Standing(
        terms=policies.terms_of(session, assignment, student_id),
        grade=submissions.grade_of(session, student_id=student_id, assignment_id=assignment.id),
        hides=not scope.staff and outline_for(session, submission).hides,
        own=scope.own,
    )
    rows = attempt_rows(attempts, standing)
    student = submission.student
    gone, executed_gone = removed.told(session, submission)
    return SubmissionPage(
        id=submission.id,
        number=submission.number,
        assignment_title=assignment.title,
        assignment_url=url_for("student.assignment", **address),
        staff_url=url_for("staff.submissions", **address) if scope.staff else None,
        author="" if submission.student_id == reader.id else f"{student.name} ({student.email})",
        shared_with=[user.name or user.email for user in groups.others_of(session, submission)],
        own=scope.own,
        created_at=submission.created_at,
        file_name=submission.filename,
        same_as=next((row.same_as for row in rows if row.id == submission.id), None),
        answers=_answers(submission),
        attempts=rows,
        runs=[RunRow(run.created_at, _run_text(run)) for run in submission.runs] if scope.staff else [],
        audit=_audit_rows(session, submission) if scope.staff else [],
        events_url=url_for("submission.events", submission_id=submission.id),
        notebook_url=None if gone else url_for("submission.notebook", submission_id=submission.id),
        downloads=_downloads(submission),
        lateness=next((row.late for row in rows if row.id == submission.id), ""),
        resubmit_url=url_for("student.assignment", **address) + "#hand-in" if scope.own else None,
        run_url=_run_url(submission) if scope.own and not gone else None,
        rerun_url=url_for("staff.rerun_one", submission_id=submission.id) if scope.staff and not gone else None,
        quarantined_at=submission.quarantined_at if scope.staff else None,
        removed=gone,
        executed_removed="" if standing.hides else executed_gone,
    )


def _downloads(submission: Submission) -> list[tuple[str, str]]:
    return [
        ("Report (HTML)", url_for("submission.report_html", submission_id=submission.id)),
        ("Report (JSON)", url_for("submission.report_json", submission_id=submission.id)),
        ("Signed receipt", url_for("submission.receipt", submission_id=submission.id)),
    ]


def _run_url(submission: Submission) -> str | None:
    superseded = submission.status is SubmissionStatus.SUPERSEDED
    return url_for("submission.run_superseded", submission_id=submission.id) if superseded else None


def _answers(submission: Submission) -> list[tuple[str, str]]:
    """What was typed, under the labels that the fields had then."""
    fields = release_of(submission.version).answers
    return [(field.label, submission.answers.get(field.key, "")) for field in fields]


CAUSES = {
    RunCause.SUBMITTED: "handed in",
    RunCause.RERUN: "graded again on request",
    RunCause.LOST: "given to another worker",
    RunCause.FAILED: "tried again after a failure",
    RunCause.TRIAL: "tried without consequence",
}


def _run_text(run: Run) -> str:
    text = f"{CAUSES[run.cause]}: {run.status.value}"
    if run.status is RunStatus.DONE and run.score is not None and run.outcome is GradeStatus.GRADED:
        text += f", {formats.points(run.score)} of {formats.points(run.max_score)}"
    if run.worker:
        text += f", by {run.worker}"
    return text


def _audit_rows(session: Session, submission: Submission) -> list[AuditRow]:
    found: list[AuditEntry] = audit.entries_for(session, "submission", submission.id)
    for run in submission.runs:
        found += audit.entries_for(session, "run", run.id)
    found.sort(key=lambda entry: entry.at, reverse=True)
    return [AuditRow(entry.at, audit_text(entry)) for entry in found[:50]]


def audit_text(entry: AuditEntry) -> str:
    """ "run.requested by user:ada@example.org: reason …" as a sentence."""
    who = entry.actor.removeprefix("user:")
    reason = (entry.after or {}).get("reason")
    return f"{entry.action} by {who}" + (f": {reason}" if reason else "")
