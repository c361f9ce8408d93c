"""The gradebook as staff see it: the table, one cell with its history, and the same as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.db.models import Assignment, AuditEntry, Course, Role, User
from grader.gradebook import table
from grader.gradebook.cells import Cell
from grader.gradebook.overrides import Decision
from grader.gradebook.policies import shown
from grader.gradebook.table import PEOPLE_SORTS, GradebookFilter
from grader.gradebook.total_rules import rule_of
from grader.gradebook.total_words import PART_TEXTS, made_of_text, rule_text
from grader.gradebook.totals import CourseTotal, Part
from grader.policies import queries as policies
from grader.policies.terms import Terms
from grader.submissions import queries as submissions
from grader.web import formats
from grader.web.access import CourseScope
from grader.web.bulk_form import BulkForm
from grader.web.pages.rows import AttemptRow, Standing, attempt_rows
from grader.web.tables import Column, Row, Table, Value

PAGE_ROWS = 50
ALL = "*"  # the choice "all sections"; an empty text is "no section"


@dataclass(frozen=True)
class Head:
    """A column's head, which sorts by it."""

    text: str
    url: str
    order: str  # "ascending", "descending" or "none"
    note: str = ""
    key: str = ""  # what it sorts by: an assignment's slug


@dataclass(frozen=True)
class CellView:
    text: str
    spoken: str  # what the look says, in words
    look: str
    url: str


@dataclass(frozen=True)
class StudentRow:
    id: str
    name: str
    email: str
    section: str
    cells: list[CellView]
    total: str
    made_of: str  # what the total is made of, in words


@dataclass(frozen=True)
class GradebookPage:
    course_name: str
    course_slug: str
    people_heads: list[Head]
    heads: list[Head]
    total_head: Head
    rows: list[StudentRow]
    total: int
    page: int
    pages: int
    previous_url: str | None
    next_url: str | None
    csv_url: str
    here_url: str
    sections: list[str]
    section: str
    text: str
    rule: str  # how the total is made, in words
    may_change: bool
    bulk: BulkForm


@dataclass(frozen=True)
class HistoryRow:
    at: datetime
    text: str
    undo: Decision | None = None  # what a person had decided before this, where that is something else than now


@dataclass(frozen=True)
class CellPage:
    student: User
    section: str
    title: str
    slug: str
    course_slug: str
    cell: Cell
    most: float
    computed: float | None
    raw: float | None
    revision: int
    score: str  # as it stands in the form
    excused: bool
    note: str
    terms: Terms
    attempts: list[AttemptRow]
    history: list[HistoryRow]
    back_url: str


def filter_of(args: Mapping[str, str]) -> GradebookFilter:
    section = args.get("section", ALL)[:200]
    return GradebookFilter(
        section=None if section == ALL else section,
        text=args.get("q", "")[:200],
        sort=args.get("sort", "name")[:80],
        descending=args.get("order") == "descending",
    )


def gradebook_page(
    session: Session, scope: CourseScope, filters: GradebookFilter, page: int, bulk: BulkForm | None = None
) -> GradebookPage:
    course, page = scope.course, max(1, page)
    book = table.gradebook(session, course.id, filters, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    pages = max(1, ceil(book.total / PAGE_ROWS))
    here: dict[str, Any] = {"course_slug": course.slug, **_args(filters)}
    here_url = url_for("gradebook.page", course_slug=course.slug)
    people = {"name": "Student", "email": "E-mail", "section": "Section"}
    return GradebookPage(
        course_name=course.title,
        course_slug=course.slug,
        people_heads=[_head(here, filters, key, text) for key, text in people.items()],
        heads=[
            _head(here, filters, c.slug, c.title, f"{c.max_score:g} points" + (", hidden" if c.hidden else ""))
            for c in book.columns
        ],
        total_head=_head(here, filters, PEOPLE_SORTS[-1], "Total"),
        rows=[_student_row(here_url, book, row) for row in book.rows],
        total=book.total,
        page=page,
        pages=pages,
        previous_url=url_for("gradebook.page", **here, page=page - 1) if page > 1 else None,
        next_url=url_for("gradebook.page", **here, page=page + 1) if page < pages else None,
        csv_url=url_for("gradebook.csv", **here),
        here_url=here_url,
        sections=list(book.sections),
        section=ALL if filters.section is None else filters.section,
        text=filters.text,
        rule=rule_text(rule_of(session.get_one(Course, course.id))),
        may_change=scope.role is Role.INSTRUCTOR,
        bulk=bulk or BulkForm(),
    )


def gradebook_table(book: table.Gradebook) -> Table:
    """Everybody, for the CSV file."""
    heads = [Column(f"{c.title} ({c.max_score:g})", "points") for c in book.columns]
    rows = []
    for row in book.rows:
        points, most = row.points
        cells: list[Value] = ["excused" if cell.excused else cell.score for cell in row.cells]
        rows.append(Row((row.student.name, row.student.email, row.section, *cells, points, most, row.total.percent)))
    people = [Column("Name"), Column("E-mail"), Column("Section")]
    sums = [Column("Points", "points"), Column("of"), Column("Total in percent", "points")]
    return Table("gradebook", "Gradebook", (*people, *heads, *sums), tuple(rows))


def cell_page(
    session: Session, course: Course, assignment: Assignment, student: User, section: str, typed: Mapping[str, str]
) -> CellPage:
    cell = table.cell_of(session, assignment=assignment, student_id=student.id)
    grade = submissions.grade_of(session, student_id=student.id, assignment_id=assignment.id)
    terms = policies.terms_of(session, assignment, student.id)
    attempts = submissions.of_student(session, student_id=student.id, assignment_id=assignment.id, limit=200)
    columns = {c.id: c for c in table.columns_of(session, course.id)}
    override = grade.override_score if grade is not None else None
    return CellPage(
        student=student,
        section=section,
        title=assignment.title,
        slug=assignment.slug,
        course_slug=course.slug,
        cell=cell,
        most=columns[assignment.id].max_score if assignment.id in columns else 0.0,
        computed=grade.computed_score if grade is not None else None,
        raw=grade.raw_score if grade is not None else None,
        revision=cell.revision,
        score=typed.get("score", "" if override is None else f"{override:g}"),
        excused=typed.get("excused") == "yes" if typed else cell.excused,
        note=typed.get("note", cell.note),
        terms=terms,
        attempts=attempt_rows(attempts, Standing(terms, grade, hides=False, own=False)),
        history=[
            HistoryRow(entry.at, history_text(entry), _undo(entry, Decision(override, cell.excused, cell.note)))
            for entry in table.history_of(session, assignment=assignment, student_id=student.id)
        ],
        back_url=url_for("gradebook.page", course_slug=course.slug),
    )


def history_text(entry: AuditEntry) -> str:
    """An entry of the audit as a sentence: who changed what from what to what."""
    before, after = entry.before or {}, entry.after or {}
    changed = [f"{key.replace('_', ' ')}: {shown(before.get(key))} → {shown(value)}" for key, value in after.items()
               if before.get(key) != value and not key.endswith("_id")]  # fmt: skip
    return f"{entry.action} by {entry.actor.removeprefix('user:')}" + (f" ({'; '.join(changed)})" if changed else "")


def _undo(entry: AuditEntry, now: Decision) -> Decision | None:
    before = entry.before or {}
    if entry.action != "grade.changed" or "override_score" not in before or not entry.actor.startswith("user:"):
        return None
    decided = Decision(before["override_score"], bool(before.get("excused")), before.get("note", ""))
    return None if decided == now else decided


def _student_row(book_url: str, book: table.Gradebook, row: table.Row) -> StudentRow:
    """`book_url`: asking for the address of a thousand cells one by one takes longer than all the rest."""
    cells = [
        _cell_view(cell, part, f"{book_url}/{c.slug}/{row.student.id}")
        for c, cell, part in zip(book.columns, row.cells, row.total.parts, strict=True)
    ]
    made_of, student = made_of_text(row.total), row.student
    return StudentRow(student.id, student.name, student.email, row.section, cells, percent(row.total), made_of)


def percent(total: CourseTotal) -> str:
    return "–" if total.percent is None else f"{formats.points(round(total.percent, 1))} %"


def _cell_view(cell: Cell, part: Part, url: str) -> CellView:
    if part is Part.MISSING:
        return CellView("0", PART_TEXTS[part], "is-missing", url)
    if part is Part.DROPPED and cell.score is None:
        return CellView("0", f"missing; {PART_TEXTS[part]}", "is-missing is-dropped", url)
    if cell.excused:
        return CellView("excused", "excused", "is-excused", url)
    if cell.score is None:
        waiting = "being graded" if cell.waiting else "no score" if cell.handed_in else "nothing handed in"
        return CellView("…" if cell.waiting else "–", waiting, "is-none", url)
    dropped = part is Part.DROPPED
    marks = {"set by a person": cell.overridden, "late": cell.kept_share < 1, PART_TEXTS[Part.DROPPED]: dropped}
    look = " ".join(name for name, holds in (("is-set", cell.overridden), ("is-dropped", dropped)) if holds)
    return CellView(formats.points(cell.score), ", ".join(text for text, holds in marks.items() if holds), look, url)


def _head(here: dict[str, Any], filters: GradebookFilter, key: str, text: str, note: str = "") -> Head:
    now = filters.sort == key
    order = ("descending" if filters.descending else "ascending") if now else "none"
    following = "descending" if now and not filters.descending else "ascending"
    return Head(text, url_for("gradebook.page", **{**here, "sort": key, "order": following}), order, note, key)


def _args(filters: GradebookFilter) -> dict[str, str]:
    given = {
        "section": ALL if filters.section is None else filters.section,
        "q": filters.text,
        "sort": filters.sort,
        "order": "descending" if filters.descending else "",
    }
    return {key: value for key, value in given.items() if value or key == "section"}
