"""Carrying out a comparison: no session is held while notebooks are read and compared."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from grader.db.models import Assignment, Comparison, ComparisonStatus, PairDecision, SimilarPair
from grader.similarity import queries
from grader.similarity.comparing import Alike, pairs
from grader.similarity.queries import Handed
from grader.similarity.reading import Given
from grader.storage import BlobMissing, BlobStore
from grader.time import utc_now

log = logging.getLogger(__name__)
SILENT = timedelta(minutes=2)  # after it somebody else takes over
STEP = 25  # notebooks between two signs of life


class Comparer:
    def __init__(
        self, writing: Callable[[], AbstractContextManager[Session]], blobs: BlobStore, packages: Path
    ) -> None:
        self._writing, self._blobs, self._packages = writing, blobs, packages

    def work(self, comparison_id: str) -> str:
        """Do it, unless somebody else is at it; what went wrong is written down for staff."""
        if not self._claim(comparison_id, utc_now()):
            return "not to do"
        try:
            return self._compare(comparison_id)
        except Exception as error:
            log.exception("comparison %s failed", comparison_id)
            problem = f"The comparison stopped: {type(error).__name__}. Start it again; if it stops again, tell us."
            self._end(comparison_id, status=ComparisonStatus.FAILED, problem=problem)
            return "failed"

    def _claim(self, comparison_id: str, now: datetime) -> bool:
        free = or_(
            Comparison.status == ComparisonStatus.WAITING,
            (Comparison.status == ComparisonStatus.RUNNING) & (Comparison.seen_at < now - SILENT),
        )
        taken = update(Comparison).where(Comparison.id == comparison_id, free)
        with self._writing() as session:
            claimed = session.execute(taken.values(status=ComparisonStatus.RUNNING, seen_at=now, done=0))
            return bool(claimed.rowcount)  # type: ignore[attr-defined]

    def _compare(self, comparison_id: str) -> str:
        with self._writing() as session:
            comparison = session.get_one(Comparison, comparison_id)
            assignment = session.get_one(Assignment, comparison.assignment_id)
            own = queries.newest_of_each(session, [assignment.id])
            others: list[str] = []
            if comparison.with_earlier:
                others = queries.earlier_assignments(session, assignment, comparison.started_by)
            earlier = queries.newest_of_each(session, others) if others else []
            comparison.total = len(own) + len(earlier)
        read = self._read([*own, *earlier], Given.of(self._packages, assignment.slug), comparison_id)
        people = {handed.id: handed.people for handed in [*own, *earlier]}
        found = [
            alike
            for alike in pairs(_only(read, own), _only(read, earlier))
            if people[alike.first].isdisjoint(people[alike.second])
        ]
        with self._writing() as session:
            self._write(session, comparison_id, assignment.id, found)
        self._end(comparison_id, status=ComparisonStatus.DONE, found=len(found))
        return f"{len(found)} pairs"

    def _read(self, handed: Sequence[Handed], given: Given, comparison_id: str) -> dict[str, frozenset[int]]:
        read: dict[str, frozenset[int]] = {}
        for number, one in enumerate(handed, 1):
            try:
                read[one.id] = given.read(self._blobs.get(one.digest))[1].hashes
            except BlobMissing:
                log.warning("submission %s is not in the store and was not compared", one.id)
                read[one.id] = frozenset()
            if number % STEP == 0:
                self._progress(comparison_id, number)
        self._progress(comparison_id, len(handed))
        return read

    def _progress(self, comparison_id: str, done: int) -> None:
        with self._writing() as session:
            session.execute(
                update(Comparison).where(Comparison.id == comparison_id).values(done=done, seen_at=utc_now())
            )

    def _write(self, session: Session, comparison_id: str, assignment_id: str, found: Sequence[Alike]) -> None:
        """New figures into the pairs that are known; those undecided that were not found again go."""
        known = queries.decisions(session, assignment_id)
        for alike in found:
            first, second = sorted((alike.first, alike.second))
            pair = known.pop((first, second), None)
            if pair is None:
                pair = SimilarPair(
                    assignment_id=assignment_id, first_id=first, second_id=second, decision=PairDecision.OPEN
                )
                session.add(pair)
            pair.comparison_id, pair.score, pair.shared = comparison_id, alike.score, alike.shared
        for pair in known.values():
            if pair.decision is PairDecision.OPEN:
                session.delete(pair)

    def _end(self, comparison_id: str, *, status: ComparisonStatus, found: int = 0, problem: str = "") -> None:
        now = utc_now()
        values = {"status": status, "found": found, "problem": problem, "seen_at": now, "finished_at": now}
        with self._writing() as session:
            session.execute(update(Comparison).where(Comparison.id == comparison_id).values(**values))


def _only(read: Mapping[str, frozenset[int]], handed: Sequence[Handed]) -> dict[str, frozenset[int]]:
    return {one.id: read[one.id] for one in handed}
