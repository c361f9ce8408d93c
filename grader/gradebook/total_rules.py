"""Changing how the course total is made."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Course
from grader.gradebook.errors import EditConflict, InvalidTotal
from grader.gradebook.totals import TotalRule

MOST_DROPPED = 50
MOST_WEIGHT = 1000.0


def rule_of(course: Course) -> TotalRule:
    return TotalRule.of(course.total_rule)


def set_total(
    session: Session, *, course_id: str, rule: TotalRule, weights: Mapping[str, float], expected: int, by: Actor
) -> None:
    """Set the rule, and the weights of assignments by their slugs; those that are not named keep theirs.

    `expected` is the revision that the person saw. No score changes: a total is made when it is shown.
    Raises InvalidTotal, EditConflict.
    """
    _require_sense(rule, weights)
    query = select(Course).where(Course.id == course_id).with_for_update()
    course = session.scalars(query.execution_options(populate_existing=True)).one()
    assignments = {a.slug: a for a in courses.assignments_of(session, course_id, published_only=False)}
    if unknown := sorted(set(weights) - set(assignments)):
        raise InvalidTotal("weights", f"this course has no assignment {unknown[0][:80]!r}.")
    before = {**rule_of(course).kept(), **{f"weight of {slug}": a.weight for slug, a in assignments.items()}}
    after = {**rule.kept(), **{f"weight of {slug}": weights.get(slug, a.weight) for slug, a in assignments.items()}}
    changed = [key for key in after if before[key] != after[key]]
    if course.total_revision != expected:
        theirs, yours = (", ".join(f"{key} = {side[key]}" for key in changed) for side in (before, after))
        raise EditConflict("The course total", theirs or "the same", yours or "the same", course.total_revision)
    if not changed:
        return
    course.total_rule = rule.kept()
    course.total_revision += 1
    for slug, weight in weights.items():
        assignments[slug].weight = weight
    session.flush()
    sides = [{key: side[key] for key in changed} for side in (before, after)]
    audit.record(session, by, "course.total-rule", "course", course.id, *sides)


def _require_sense(rule: TotalRule, weights: Mapping[str, float]) -> None:
    if not 0 <= rule.drop_lowest <= MOST_DROPPED:
        raise InvalidTotal("drop_lowest", f"must be between 0 and {MOST_DROPPED}.")
    for slug, weight in weights.items():
        if not math.isfinite(weight) or not 0 <= weight <= MOST_WEIGHT:
            raise InvalidTotal(f"weight of {slug}", f"must be between 0 and {MOST_WEIGHT:g}.")
