from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Mark, SecondMark, Submission, User
from grader.grading import grades, marks
from grader.grading import queries as grading
from grader.marking import queries
from grader.marking.errors import InvalidPoints, MarkChanged, NothingToMark, OwnMark
from grader.marking.queries import WorkItem
from grader.marking.rubrics import RubricView
from grader.time import utc_now

MOST_COMMENT = 4000


@dataclass(frozen=True)
class Given:
    """What a marker sends. `points` None: the sum of the criteria that were met."""

    points: float | None
    criteria: Sequence[str] = ()
    comment: str = ""
    revision: int = 0  # of the mark that the marker saw; 0: none
    request_id: str = ""  # of the form; the same form sent twice marks once


def give(
    session: Session, *, submission_id: str, key: str, given: Given, marker: User, rubric: RubricView | None = None
) -> Mark:
    """Mark one check of a submission, by hand or over what the check concluded.

    Raises NothingToMark, InvalidPoints, and MarkChanged when somebody else was there first.
    """
    submission = grading.lock_submission(session, submission_id)
    run = submission.counted_run if submission is not None else None
    row = queries.check_row(session, run.id, key) if run is not None else None
    if submission is None or run is None or row is None:
        raise NothingToMark
    points = _points(given, rubric, row.max_points)
    mark = queries.mark_of(session, submission_id, key)
    if mark is not None and given.request_id and mark.request_id == given.request_id:
        return mark  # the same form once more: a double click, or the browser's "send again"
    if (mark.revision if mark is not None else 0) != given.revision:
        _changed(mark)
    before = None if mark is None else {"points": mark.points, "comment": mark.comment}
    if mark is None:
        mark = Mark(submission_id=submission_id, check_key=key, revision=0)
        marks.note_automatic(mark, row)
        session.add(mark)
    mark.points, mark.criteria, mark.comment = points, list(given.criteria), given.comment.strip()[:MOST_COMMENT]
    mark.marker_id, mark.request_id = marker.id, given.request_id
    mark.revision, mark.updated_at = mark.revision + 1, utc_now()
    session.flush()
    _count(session, submission, key, mark, before, Actor.of(marker))
    return mark


def give_second(session: Session, *, mark: Mark, points: float | None, comment: str, marker: User) -> SecondMark:
    """What `marker` would give; nothing that counts is changed. Raises OwnMark, InvalidPoints."""
    if mark.marker_id == marker.id:
        raise OwnMark
    submission = grading.lock_submission(session, mark.submission_id)
    run = submission.counted_run if submission is not None else None
    row = queries.check_row(session, run.id, mark.check_key) if run is not None else None
    if row is None:
        raise NothingToMark
    points = _points(Given(points), None, row.max_points)
    second = queries.second_mark(session, mark.id, marker.id)
    if second is None:
        second = SecondMark(mark_id=mark.id, marker_id=marker.id)
        session.add(second)
    second.points, second.comment = points, comment.strip()[:MOST_COMMENT]
    session.flush()
    after = {"question": mark.check_key, "points": points}
    audit.record(session, Actor.of(marker), "mark.second", "submission", mark.submission_id, after=after)
    return second


def sample(items: Sequence[WorkItem], percent: int) -> list[WorkItem]:
    """The marked answers that a second marker is to read: the same ones whenever it is asked for."""
    marked = [item for item in items if not item.waits]
    wanted = math.ceil(len(marked) * percent / 100)
    return sorted(marked, key=lambda item: sha256(item.submission_id.encode()).digest())[:wanted]


def differs(item: WorkItem, seconds: Sequence[SecondMark]) -> bool:
    """Whether a second marker would have given other points."""
    return any(abs(second.points - item.points) > 1e-6 for second in seconds)


def following(items: Sequence[WorkItem], current: str | None) -> WorkItem | None:
    """The next answer that waits, after `current` and then from the beginning."""
    ids = [item.submission_id for item in items]
    start = ids.index(current) + 1 if current in ids else 0
    return next(
        (item for item in (*items[start:], *items[:start]) if item.waits and item.submission_id != current), None
    )


def _points(given: Given, rubric: RubricView | None, most: float) -> float:
    points = given.points
    if points is None and rubric is not None and rubric.criteria:
        met = set(given.criteria)
        points = min(max(sum(c.points for c in rubric.criteria if c.key in met), 0.0), most)
    if points is None or not math.isfinite(points) or not 0 <= points <= most:
        raise InvalidPoints(most)
    return round(points, 2)


def _changed(mark: Mark | None) -> None:
    if mark is None:
        raise MarkChanged("somebody", 0.0, "", 0)
    raise MarkChanged(mark.marker.name or mark.marker.email, mark.points, mark.comment, mark.revision)


def _count(
    session: Session, submission: Submission, key: str, mark: Mark, before: dict[str, object] | None, by: Actor
) -> None:
    run = submission.counted_run
    assert run is not None
    marks.apply(session, run)
    after = {"question": key, "points": mark.points, "comment": mark.comment}
    audit.record(session, by, "mark.given", "submission", submission.id, before=before, after=after)
    grades.refresh_for(session, submission, by)
