"""Files that were removed leave the store, once nobody can be on the way of naming them again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, literal, or_, select
from sqlalchemy.orm import Session

from grader.db.models import Blob, Run, Submission
from grader.db.session import Sessions, read_only, unit_of_work
from grader.retention.rules import being_graded
from grader.storage import BlobStore

# An upload stores its file first and commits its row within seconds; an hour is never too short for that.
GRACE = timedelta(hours=1)
AT_ONCE = 500


def purge(sessions: Sessions, blobs: BlobStore, now: datetime, *, limit: int = AT_ONCE) -> int:
    """Delete from the store what was removed at least `GRACE` ago; tells how many files went.

    One file a transaction, whose row is locked: whoever hands the same file in again waits, or is seen here.
    """
    due = select(Blob.digest).where(Blob.removed_at < now - GRACE, Blob.purged_at.is_(None)).limit(limit)
    with read_only(sessions) as session:
        digests = list(session.scalars(due))
    gone = 0
    for digest in digests:
        with unit_of_work(sessions) as session:
            gone += _purge(session, blobs, digest, now)
    return gone


def _purge(session: Session, blobs: BlobStore, digest: str, now: datetime) -> bool:
    blob = session.get(Blob, digest, with_for_update=True)
    if blob is None or blob.removed_at is None or blob.purged_at is not None:
        return False
    if _wanted_again(session, blob.digest, blob.removed_at):
        blob.removed_at = None
        return False
    if not blobs.remove(digest, put_before=now - GRACE):
        return False  # somebody is handing it in at this moment
    blob.purged_at = now
    if not session.scalar(select(exists().where(Submission.digest == digest))):
        session.delete(blob)
    return True


def _wanted_again(session: Session, digest: str, removed_at: datetime) -> bool:
    """A submission or a run that was being committed while the file was removed, or a run that has it."""
    later = exists().where(Submission.digest == digest, Submission.created_at > removed_at - GRACE)
    has = exists().where(Run.executed_digest == digest)
    return bool(session.scalar(select(or_(later, has, being_graded(literal(digest))))))
