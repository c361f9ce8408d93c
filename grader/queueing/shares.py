"""What was given of a queue so far: a few rows of the database, read once for a choice and written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from grader.db.inserting import upsert_many
from grader.db.models import QueueShare, QueueState
from grader.queueing.rule import Shares
from worker.contract import Queue

ROUND = "*"  # QueueShare.owner of a course's round
Rows = Mapping[tuple[str, str], float]  # course and owner of a QueueShare, and what was given


@dataclass(frozen=True)
class Kept:
    """The shares, and the rows of the database that they were read from."""

    shares: Shares
    rows: Rows


def shares_of(session: Session, queue: Queue) -> Kept:
    state = session.get(QueueState, queue)
    if state is None:
        return Kept(Shares(), {})
    shares = Shares(picks=state.picks, clock=state.clock)
    query = select(QueueShare.course_id, QueueShare.owner, QueueShare.given).where(QueueShare.queue == queue)
    rows = {(course_id, owner): given for course_id, owner, given in session.execute(query)}
    for (course_id, owner), given in rows.items():
        if owner == "":
            shares.courses[course_id] = given
        elif owner == ROUND:
            shares.rounds[course_id] = given
        else:
            shares.turns[course_id, owner] = given
    return Kept(shares, rows)


def keep_shares(session: Session, state: QueueState, kept: Kept) -> None:
    """Write what changed since they were read; a share that is not above its clock says nothing and is not kept."""
    shares, before = kept.shares, kept.rows
    state.picks, state.clock = shares.picks, shares.clock
    now = _as_rows(shares)
    if gone := before.keys() - now.keys():
        statement = delete(QueueShare).where(
            QueueShare.queue == state.queue,
            QueueShare.course_id == bindparam("course"),
            QueueShare.owner == bindparam("whose"),
        )
        session.connection().execute(statement, [{"course": course, "whose": owner} for course, owner in sorted(gone)])
    changed = sorted((key, given) for key, given in now.items() if before.get(key) != given)
    keys = [{"queue": state.queue, "course_id": course, "owner": owner} for (course, owner), _ in changed]
    upsert_many(session, QueueShare, keys, [{"given": given} for _, given in changed])


def _as_rows(shares: Shares) -> dict[tuple[str, str], float]:
    rows = {(course, ""): given for course, given in shares.courses.items() if given > shares.clock}
    turns = {key: given for key, given in shares.turns.items() if given > shares.rounds.get(key[0], 0.0)}
    used = {course for course, _ in turns}
    rows |= {(course, ROUND): given for course, given in shares.rounds.items() if course in used and given > 0}
    return rows | turns
