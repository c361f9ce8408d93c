from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.comments import queries
from grader.comments.errors import CommentGone, InvalidComment, NotTheAuthor
from grader.db.models import CheckResultRow, Role, Submission, SubmissionComment, User
from grader.time import utc_now

MOST_TEXT = 4000


def add(
    session: Session, *, submission: Submission, key: str, text: str, author: User, role: Role
) -> SubmissionComment:
    """Say something of the submission, or of the check `key` of its result. Raises InvalidComment."""
    if key and not _has_check(session, submission, key):
        raise InvalidComment(f"The result of this submission has no check {key[:80]!r}.")
    comment = SubmissionComment(
        submission_id=submission.id, check_key=key, author_id=author.id, author_role=role, text=_checked(text)
    )
    session.add(comment)
    session.flush()
    after = {"comment": comment.id, "check": key, "text": comment.text}
    audit.record(session, Actor.of(author), "comment.added", "submission", submission.id, after=after)
    return comment


def edit(
    session: Session, *, submission_id: str, comment_id: str, text: str, expected: int, by: User
) -> SubmissionComment:
    """`expected` is the revision that its author saw. Raises InvalidComment, CommentGone, NotTheAuthor."""
    text = _checked(text)
    comment = _own(session, submission_id, comment_id, by)
    if comment.revision != expected:
        raise CommentGone
    if comment.text == text:
        return comment
    before = {"comment": comment.id, "text": comment.text}
    comment.text, comment.edited_at, comment.revision = text, utc_now(), comment.revision + 1
    session.flush()
    after = {"comment": comment.id, "text": text}
    audit.record(session, Actor.of(by), "comment.edited", "submission", submission_id, before=before, after=after)
    return comment


def remove(session: Session, *, submission_id: str, comment_id: str, by: User) -> None:
    """Take it back; the audit keeps what it said. Raises CommentGone, NotTheAuthor."""
    comment = _own(session, submission_id, comment_id, by)
    comment.removed_at, comment.revision = utc_now(), comment.revision + 1
    before = {"comment": comment.id, "text": comment.text}
    audit.record(session, Actor.of(by), "comment.removed", "submission", submission_id, before=before)


def _own(session: Session, submission_id: str, comment_id: str, by: User) -> SubmissionComment:
    comment = queries.lock(session, comment_id, submission_id)
    if comment is None or comment.removed_at is not None:
        raise CommentGone
    if comment.author_id != by.id:
        raise NotTheAuthor
    return comment


def _has_check(session: Session, submission: Submission, key: str) -> bool:
    query = select(CheckResultRow.key).where(
        CheckResultRow.run_id == submission.counted_run_id, CheckResultRow.key == key
    )
    return session.scalar(query) is not None


def _checked(text: str) -> str:
    text = text.strip()
    if not text or len(text) > MOST_TEXT:
        raise InvalidComment(f"A comment needs a text of at most {MOST_TEXT} characters.")
    return text
