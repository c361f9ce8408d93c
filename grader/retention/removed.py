"""What the rule for old files has taken away, and the words for whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from grader.db.models import Blob, Submission
from grader.retention import rules
from grader.retention.errors import FileRemoved

_NOT_SHOWN = "Nobody can see or download it."
_NOT_AGAIN = "Nobody can download it or have it graded again."


def removed_at(session: Session, submission: Submission) -> datetime | None:
    """When the handed-in file was removed; None while it is kept."""
    blob = session.get(Blob, submission.digest)
    return None if blob is None else blob.removed_at


def require_handed_in(session: Session, submission: Submission) -> None:
    """Raises FileRemoved."""
    at = removed_at(session, submission)
    if at is not None:
        raise error_for(session, submission, at)


def require_executed(session: Session, submission: Submission) -> None:
    """Raises FileRemoved when there was an executed notebook of the run that counts."""
    run = submission.counted_run
    at = None if run is None or run.executed_digest is not None else run.executed_removed_at
    if at is not None:
        what = f"The executed notebook of attempt {submission.number}"
        raise FileRemoved(what, at, _words(session, at, "after the run", executed=True), _NOT_SHOWN)


def told(session: Session, submission: Submission) -> tuple[str, str]:
    """Sentences on the handed-in file and on the executed notebook; "" for what is kept."""
    return _told(session, submission, require_handed_in), _told(session, submission, require_executed)


def _told(session: Session, submission: Submission, require: Callable[[Session, Submission], None]) -> str:
    try:
        require(session, submission)
    except FileRemoved as removed:
        return str(removed)
    return ""


def error_for(session: Session, submission: Submission, at: datetime) -> FileRemoved:
    what = f"The notebook of attempt {submission.number} ({submission.filename or 'without a name'})"
    return FileRemoved(what, at, _words(session, at, "after the end of the course", executed=False), _NOT_AGAIN)


def _words(session: Session, at: datetime, since: str, *, executed: bool) -> str:
    """The number of months only where the rule is still the one that removed it."""
    found = rules.rule(session)
    months = found.executed_months if executed else found.files_months
    what = "executed notebooks" if executed else "handed-in files"
    if months is None or found.updated_at is None or found.updated_at > at:
        return f"by the service's rule for old {what}"
    return f"by the service's rule that {what} are kept for {months} months {since}"
