"""Rubrics: how a question is marked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from assignments.metadata import CheckSpec
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.errors import unique_or
from grader.db.models import Rubric
from grader.marking.errors import InvalidRubric, NoSuchQuestion, RubricChanged
from grader.time import utc_now

MOST_CRITERIA = 40
MOST_TEXT = 500


@dataclass(frozen=True)
class Criterion:
    key: str
    text: str
    points: float


@dataclass(frozen=True)
class RubricView:
    """A question's rubric; of one that nobody has written yet, the defaults."""

    criteria: tuple[Criterion, ...] = ()
    comments: tuple[str, ...] = ()
    anonymous: bool = False
    sample_percent: int = 10
    revision: int = 0


def questions(session: Session, assignment_id: str) -> list[CheckSpec]:
    """The questions of the version in force that people mark."""
    version = courses.current_version(session, assignment_id)
    return [check for check in release_of(version).checks if check.kind == "manual"] if version is not None else []


def question(session: Session, assignment_id: str, key: str) -> CheckSpec:
    """Raises NoSuchQuestion."""
    for check in questions(session, assignment_id):
        if check.key == key:
            return check
    raise NoSuchQuestion(key)


def rubric_of(session: Session, assignment_id: str, key: str) -> RubricView:
    row = _row(session, assignment_id, key)
    if row is None:
        return RubricView()
    criteria = tuple(Criterion(c["key"], c["text"], c["points"]) for c in row.criteria)
    return RubricView(criteria, tuple(row.comments), row.anonymous, row.sample_percent, row.revision)


def save_rubric(session: Session, *, assignment_id: str, key: str, rubric: RubricView, by: Actor) -> RubricView:
    """`rubric.revision` is the one that was edited. Raises NoSuchQuestion, InvalidRubric, RubricChanged."""
    spec = question(session, assignment_id, key)
    _require_sound(rubric, spec.points)
    row = _row(session, assignment_id, key)
    if (row.revision if row is not None else 0) != rubric.revision:
        raise RubricChanged
    before = None if row is None else _seen(row)
    if row is None:
        row = Rubric(assignment_id=assignment_id, check_key=key)
        with unique_or(session, RubricChanged()):
            session.add(row)
    row.criteria = [{"key": c.key, "text": c.text, "points": c.points} for c in rubric.criteria]
    row.comments = list(rubric.comments)
    row.anonymous, row.sample_percent = rubric.anonymous, rubric.sample_percent
    row.revision, row.updated_at = rubric.revision + 1, utc_now()
    session.flush()
    audit.record(session, by, "rubric.changed", "rubric", row.id, before=before, after=_seen(row))
    return rubric_of(session, assignment_id, key)


def _require_sound(rubric: RubricView, most: float) -> None:
    if len(rubric.criteria) > MOST_CRITERIA:
        raise InvalidRubric(f"A rubric has at most {MOST_CRITERIA} criteria; this one has {len(rubric.criteria)}.")
    if not 0 <= rubric.sample_percent <= 100:
        raise InvalidRubric("The share that a second marker reads is a percentage from 0 to 100.")
    total = sum(max(c.points, 0.0) for c in rubric.criteria)
    if rubric.criteria and total > most + 1e-6:
        raise InvalidRubric(f"The criteria add up to {total:g} points, the question has {most:g}.")


def _row(session: Session, assignment_id: str, key: str) -> Rubric | None:
    query = select(Rubric).where(Rubric.assignment_id == assignment_id, Rubric.check_key == key).with_for_update()
    return session.scalar(query)


def _seen(row: Rubric) -> dict[str, object]:
    return {
        "question": row.check_key, "criteria": row.criteria, "comments": row.comments,
        "anonymous": row.anonymous, "sample_percent": row.sample_percent,
    }  # fmt: skip
