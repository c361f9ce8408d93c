"""Beginning a comparison, and deciding about a pair."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Assignment, Comparison, ComparisonStatus, PairDecision, SimilarPair, User
from grader.similarity import queries
from grader.similarity.errors import ComparisonUnderWay, NoteNeeded, NothingToCompare, PairChanged

MOST_NOTE = 2_000


def begin(session: Session, *, assignment: Assignment, with_earlier: bool, by: User) -> Comparison:
    """Owe a comparison; the recorder takes it up. Raises ComparisonUnderWay, NothingToCompare."""
    found = queries.latest(session, assignment.id)
    if found is not None and found.status in queries.ACTIVE:
        raise ComparisonUnderWay
    earlier = queries.earlier_assignments(session, assignment, by.id) if with_earlier else []
    own = queries.newest_of_each(session, [assignment.id])
    if not own or len(own) + len(queries.newest_of_each(session, earlier)) < 2:
        raise NothingToCompare
    made = Comparison(
        assignment_id=assignment.id,
        status=ComparisonStatus.WAITING,
        with_earlier=with_earlier,
        started_by=by.id,
        total=len(own),
    )
    session.add(made)
    session.flush()
    after = {"assignment": assignment.slug, "with_earlier": with_earlier}
    audit.record(session, Actor.of(by), "similarity.started", "assignment", assignment.id, after=after)
    return made


def decide(
    session: Session,
    pair: SimilarPair,
    *,
    decision: PairDecision,
    note: str,
    expected: int,
    by: User,
    now: datetime,
) -> SimilarPair:
    """`expected` is the revision that the person read. It changes no grade. Raises PairChanged, NoteNeeded."""
    if pair.revision != expected:
        raise PairChanged
    note = note.strip()[:MOST_NOTE]
    if decision is PairDecision.KEPT and not note:
        raise NoteNeeded
    before = {"decision": pair.decision.value, "note": pair.note}
    pair.decision, pair.note, pair.revision = decision, note, pair.revision + 1
    pair.decided_by, pair.decided_at = by.id, now
    pair.decider = by
    after = {"decision": decision.value, "note": note, "submissions": [pair.first_id, pair.second_id]}
    audit.record(session, Actor.of(by), "similarity.decided", "similar_pair", pair.id, before=before, after=after)
    return pair
