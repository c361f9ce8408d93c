from __future__ import annotations

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.errors import unique_or
from grader.db.models import RegradeRequest, RegradeStatus, User
from grader.grading import queries as grading
from grader.marking import queries as marking
from grader.marking import service as marks
from grader.marking.service import Given
from grader.regrades import queries
from grader.regrades.errors import AlreadyAsked, NothingToRegrade, RequestAnswered, TextNeeded
from grader.time import utc_now

MOST_TEXT = 4000


def ask(session: Session, *, submission_id: str, key: str, text: str, by: User) -> RegradeRequest:
    """Raises NothingToRegrade, AlreadyAsked, TextNeeded."""
    if not text.strip():
        raise TextNeeded("Your reason")
    submission = grading.lock_submission(session, submission_id)
    run_id = submission.counted_run_id if submission is not None else None
    row = marking.check_row(session, run_id, key) if run_id is not None else None
    if submission is None or row is None:
        raise NothingToRegrade
    if queries.open_for(session, submission_id, key) is not None:
        raise AlreadyAsked
    request = RegradeRequest(
        submission_id=submission_id,
        check_key=key,
        check_title=row.title,
        asked=text.strip()[:MOST_TEXT],
        status=RegradeStatus.OPEN,
        points_before=row.points,
    )
    with unique_or(session, AlreadyAsked()):
        session.add(request)
    after = {"check": key, "request": request.id}
    audit.record(session, Actor.of(by), "regrade.asked", "submission", submission_id, after=after)
    return request


def withdraw(session: Session, *, request_id: str, by: User) -> None:
    """Raises RequestAnswered."""
    request = _open(session, request_id)
    request.status = RegradeStatus.WITHDRAWN
    after = {"request": request.id}
    audit.record(session, Actor.of(by), "regrade.withdrawn", "submission", request.submission_id, after=after)


def answer(session: Session, *, request_id: str, reply: str, points: float | None, by: User) -> RegradeRequest:
    """Reply, and with `points` change what the check earns, also in later runs of the submission.

    Raises RequestAnswered, TextNeeded, and what `grader.marking.service.give` raises.
    """
    if not reply.strip():
        raise TextNeeded("The reply")
    request = _open(session, request_id)
    reply = reply.strip()[:MOST_TEXT]
    if points is not None:
        mark = marking.mark_of(session, request.submission_id, request.check_key)
        comment = mark.comment if mark is not None and mark.comment else f"Points after a regrade: {reply}"
        given = Given(points, mark.criteria if mark else (), comment, mark.revision if mark else 0)
        marks.give(session, submission_id=request.submission_id, key=request.check_key, given=given, marker=by)
    changed = points is not None and abs(points - request.points_before) > 1e-9
    request.status = RegradeStatus.CHANGED if changed else RegradeStatus.KEPT
    request.points_after = points if points is not None else request.points_before
    request.reply, request.replied_by, request.replied_at = reply, by.id, utc_now()
    session.flush()
    before = {"points": request.points_before}
    after = {"request": request.id, "points": request.points_after, "status": request.status.value}
    audit.record(session, Actor.of(by), "regrade.answered", "submission", request.submission_id, before, after)
    return request


def _open(session: Session, request_id: str) -> RegradeRequest:
    request = queries.lock(session, request_id)
    if request is None or request.status is not RegradeStatus.OPEN:
        raise RequestAnswered
    return request
