"""From rows and states to what the API gives."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.api.v1 import schemas
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import Assignment, Course, Role, Submission, User
from grader.groups import queries as groups
from grader.submissions import queries as submissions
from grader.submissions.filters import SubmissionRow
from grader.web.access import SubmissionScope
from grader.web.catalogue import catalogue
from grader.web.outline import outline_of
from grader.web.pages.comments_view import CommentView, shown_comments
from grader.web.pages.rows import same_file_as, shown_score
from grader.web.pages.submission_page import ATTEMPTS_MOST, live_state
from grader.web.submission_state import CheckState, PendingState, ResultState


def assignment_out(session: Session, assignment: Assignment, course: Course, role: Role) -> schemas.AssignmentOut:
    version = courses.current_version(session, assignment.id)
    release = release_of(version) if version is not None else None
    checks = outline_of(session, assignment, version).listed(staff=role.is_staff)
    address: dict[str, Any] = {"slug": assignment.slug, "course": course.slug, "_external": True}
    starter = catalogue().has_starter(assignment.slug)
    return schemas.AssignmentOut(
        slug=assignment.slug,
        course=course.slug,
        title=assignment.title,
        summary=release.summary if release else "",
        max_score=version.max_score if version else None,
        opens_at=assignment.opens_at,
        due_at=assignment.due_at,
        answers=[schemas.AnswerFieldOut.model_validate(a) for a in (release.answers if release else ())],
        checks=[schemas.CheckOut(key=c.key, title=c.title, points=c.points) for c in checks],
        url=url_for("v1.assignment", **address),
        starter_url=url_for("v1.starter", **address) if starter else None,
    )


def submission_url(submission: Submission) -> str:
    return url_for("v1.submission", submission_id=submission.id, _external=True)


def submission_out(session: Session, scope: SubmissionScope) -> schemas.SubmissionOut:
    submission = scope.submission
    state = live_state(session, submission, staff=scope.staff)
    result, pending = state.result, state.pending
    attempts = submissions.of_student(
        session, student_id=submission.student_id, assignment_id=submission.assignment_id, limit=ATTEMPTS_MOST
    )
    return schemas.SubmissionOut(
        id=submission.id,
        status=submission.status,
        assignment=submission.assignment.slug,
        course=submission.assignment.course.slug,
        number=submission.number,
        student=submission.student.email,
        group=[user.email for user in groups.others_of(session, submission)],
        created_at=submission.created_at,
        filename=submission.filename,
        digest=submission.digest,
        same_as=same_file_as(submission, attempts),
        answers=submission.answers,
        score=result.score if result else None,
        max_score=result.max_score if result else None,
        checks=[_check_out(check, staff=scope.staff) for check in result.checks] if result else [],
        hidden_checks=result.hidden_checks if result else 0,
        stopped_cells=[schemas.CellOut.model_validate(c) for c in result.stopped_cells] if result else [],
        notices=list(result.notices) if result else [],
        reason=result.reason if result else f"{state.headline}." if state.superseded_by else "",
        staff_text=result.staff_text if result and scope.staff else None,
        seconds=_seconds_out(result),
        peak_memory_mib=result.peak_memory_mib or None if result else None,
        finished_at=result.finished_at if result else None,
        queue_position=pending.queue_position if pending else None,
        progress=_progress_out(pending),
        estimate=_estimate_out(pending),
        comments=[comment_out(view) for view in shown_comments(session, submission, staff=scope.staff)],
        url=submission_url(submission),
    )


def comment_out(view: CommentView) -> schemas.CommentOut:
    return schemas.CommentOut(**{key: value for key, value in vars(view).items() if key != "author_id"})


def own_row_out(submission: Submission, course: Course, *, hides: bool) -> schemas.SubmissionRowOut:
    score, most = shown_score(submission, hides=hides)
    return _row_out(submission, submission.assignment.slug, course, submission.student, score, most)


def staff_row_out(row: SubmissionRow, slug: str, course: Course) -> schemas.SubmissionRowOut:
    return _row_out(row.submission, slug, course, row.student, row.score, row.max_score)


def _row_out(
    submission: Submission, slug: str, course: Course, student: User, score: float | None, most: float | None
) -> schemas.SubmissionRowOut:
    return schemas.SubmissionRowOut(
        id=submission.id,
        status=submission.status,
        assignment=slug,
        course=course.slug,
        number=submission.number,
        student=student.email,
        created_at=submission.created_at,
        score=score,
        max_score=most,
        url=submission_url(submission),
    )


def _check_out(check: CheckState, *, staff: bool) -> schemas.CheckResultOut:
    return schemas.CheckResultOut(
        key=check.key,
        title=check.title,
        points=check.points,
        max_points=check.max_points,
        verdict=check.verdict,
        message=check.message,
        diagnosis=check.diagnosis,
        hint=check.hint,
        staff_message=check.staff_message if staff else None,
    )


def _seconds_out(result: ResultState | None) -> schemas.SecondsOut | None:
    if result is None or result.total_s is None:
        return None
    return schemas.SecondsOut(total=result.total_s, execute=result.execute_s or 0.0, overhead=result.overhead_s or 0.0)


def _progress_out(pending: PendingState | None) -> schemas.ProgressOut | None:
    if pending is None:
        return None
    return schemas.ProgressOut.model_validate({"stage": pending.stage, "cell": pending.cell, "cells": pending.cells})


def _estimate_out(pending: PendingState | None) -> schemas.EstimateOut | None:
    if pending is None:
        return None
    found = pending.estimate
    numbers = {key: getattr(found, key) for key in ("seconds", "low_s", "high_s", "measured")}
    return schemas.EstimateOut.model_validate({**numbers, "text": pending.estimate_text})
