"""The course total: the rule as staff set it, and what it makes of one student's grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, Course, Role, User
from grader.gradebook import table
from grader.gradebook.cells import Cell, Column
from grader.gradebook.errors import InvalidTotal
from grader.gradebook.total_rules import rule_of
from grader.gradebook.total_words import PART_TEXTS, made_of_text, rule_text
from grader.gradebook.totals import Part, TotalRule
from grader.web import formats
from grader.web.access import CourseScope, visible_assignments
from grader.web.outline import outline_of
from grader.web.pages.gradebook_page import percent

WEIGHT = "weight-"  # then the slug: the fields of the form


@dataclass(frozen=True)
class TotalForm:
    """As it was typed, or as it is."""

    weighted: bool
    drop_lowest: str
    missing_zero: bool
    weights: Mapping[str, str]  # by slug
    revision: int

    @classmethod
    def of(cls, course: Course, columns: tuple[Column, ...]) -> TotalForm:
        rule = rule_of(course)
        weights = {column.slug: formats.points(column.weight) for column in columns}
        return cls(rule.weighted, str(rule.drop_lowest), rule.missing_zero, weights, course.total_revision)

    @classmethod
    def typed(cls, form: Mapping[str, str]) -> TotalForm:
        weights = {k.removeprefix(WEIGHT): text.strip()[:20] for k, text in form.items() if k.startswith(WEIGHT)}
        known = form.get("revision", "")
        return cls(
            weighted=form.get("weighted") == "yes",
            drop_lowest=form.get("drop_lowest", "").strip()[:20],
            missing_zero=form.get("missing_zero") == "yes",
            weights=weights,
            revision=int(known) if known.isdecimal() and len(known) < 9 else -1,
        )

    def seen(self, revision: int) -> TotalForm:
        """The same, after its writer was shown that revision."""
        return replace(self, revision=revision)

    def read(self) -> tuple[TotalRule, dict[str, float]]:
        """Raises InvalidTotal."""
        drop = self.drop_lowest or "0"
        if not drop.isdecimal():
            raise InvalidTotal("Results left out", f"{drop!r} is not a whole number.")
        weights = {}
        for slug, text in self.weights.items():
            try:
                weights[slug] = float(text.replace(",", "."))
            except ValueError:
                raise InvalidTotal(f"Weight of {slug[:80]}", f"{text!r} is not a number.") from None
        return TotalRule(self.weighted, int(drop), self.missing_zero), weights


@dataclass(frozen=True)
class TotalPage:
    course_name: str
    course_slug: str
    rule: str
    form: TotalForm
    columns: tuple[Column, ...]
    may_change: bool


@dataclass(frozen=True)
class OwnRow:
    title: str
    url: str
    score: float | None
    max_score: float | None
    weight: str
    state: str  # what it is to the total
    note: str


@dataclass(frozen=True)
class OwnGrades:
    course_name: str
    course_slug: str
    rule: str
    total: str
    made_of: str
    rows: list[OwnRow]
    weighted: bool
    withheld: int  # assignments whose results are not shown, and so not counted here


def total_page(session: Session, scope: CourseScope, typed: TotalForm | None = None) -> TotalPage:
    course = session.get_one(Course, scope.course.id)
    columns = table.columns_of(session, course.id)
    return TotalPage(
        course_name=course.title,
        course_slug=course.slug,
        rule=rule_text(rule_of(course)),
        form=typed or TotalForm.of(course, columns),
        columns=columns,
        may_change=scope.role is Role.INSTRUCTOR,
    )


def own_grades(session: Session, course: Course, student: User) -> OwnGrades:
    """What a student has in the course. What staff have not released, or what would show hidden checks, is left out."""
    course = session.get_one(Course, course.id)
    seen = {assignment.id: assignment for assignment in visible_assignments(session, course, Role.STUDENT)}
    columns = [column for column in table.columns_of(session, course.id) if column.id in seen]
    shown = [column for column in columns if not _hides(session, seen[column.id])]
    row = table.student_row(session, course.id, student, shown)
    rule = rule_of(course)
    return OwnGrades(
        course_name=course.title,
        course_slug=course.slug,
        rule=rule_text(rule),
        total=percent(row.total),
        made_of=made_of_text(row.total),
        rows=[
            _own_row(course, column, cell, part, weighted=rule.weighted)
            for column, cell, part in zip(shown, row.cells, row.total.parts, strict=True)
        ],
        weighted=rule.weighted,
        withheld=len(columns) - len(shown),
    )


def _hides(session: Session, assignment: Assignment) -> bool:
    return outline_of(session, assignment, courses.current_version(session, assignment.id)).hides


def _own_row(course: Course, column: Column, cell: Cell, part: Part, *, weighted: bool) -> OwnRow:
    address: dict[str, Any] = {"course_slug": course.slug, "slug": column.slug}
    return OwnRow(
        title=column.title,
        url=url_for("student.assignment", **address),
        score=0.0 if cell.score is None and part in (Part.MISSING, Part.DROPPED) else cell.score,
        max_score=cell.max_score or column.max_score,
        weight=formats.points(column.weight if weighted else column.max_score),
        state=PART_TEXTS[part],
        note=cell.note,
    )
