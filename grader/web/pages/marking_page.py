"""What markers see: the questions of an assignment, the answers to one, one answer beside its rubric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from assignments.metadata import CheckSpec
from grader.db.base import new_id
from grader.db.models import Mark, SecondMark, User
from grader.marking import queries, rubrics, service
from grader.marking.answers import Block
from grader.marking.errors import MarkChanged, NothingToMark
from grader.marking.queries import WorkItem
from grader.marking.rubrics import Criterion, RubricView
from grader.web import formats
from grader.web.access import AssignmentScope
from grader.web.tables import Column, Row, Table

PAGE_ROWS = 100


@dataclass(frozen=True)
class QuestionRow:
    key: str
    title: str
    points: float
    total: int
    marked: int
    markers: str
    has_rubric: bool
    list_url: str
    next_url: str
    rubric_url: str
    sample_url: str


@dataclass(frozen=True)
class AnswerRow:
    name: str
    section: str
    url: str
    points: float | None
    max_points: float
    marker: str


@dataclass(frozen=True)
class SampleRow:
    name: str
    url: str
    first: str
    seconds: list[str]
    differs: bool


@dataclass(frozen=True)
class MarkForm:
    """What stands in the form: the mark that there is, or what was typed and could not be saved."""

    points: str = ""
    criteria: tuple[str, ...] = ()
    comment: str = ""
    revision: int = 0
    request_id: str = ""

    @classmethod
    def typed(cls, form: Mapping[str, Any], criteria: Sequence[str]) -> MarkForm:
        revision = str(form.get("revision", "0"))
        return cls(
            points=str(form.get("points", "")).strip()[:20],
            criteria=tuple(criteria)[:100],
            comment=str(form.get("comment", ""))[: service.MOST_COMMENT],
            revision=int(revision) if revision.isdecimal() and len(revision) < 9 else 0,
            request_id=str(form.get("request_id", ""))[:36],
        )

    def given(self) -> service.Given:
        points: float | None = None
        if self.points:
            try:
                points = float(self.points.replace(",", "."))
            except ValueError:
                points = float("nan")  # refused below, with the range that is allowed
        return service.Given(points, self.criteria, self.comment, self.revision, self.request_id)


@dataclass(frozen=True)
class AnswerPage:
    key: str
    title: str
    hint: str
    max_points: float
    name: str
    attempt: int
    marker: str  # who marked it; "" while it waits
    blocks: list[Block]
    criteria: tuple[Criterion, ...]
    comments: tuple[str, ...]
    form: MarkForm
    place: int
    total: int
    waiting: int
    save_url: str
    list_url: str
    previous_url: str | None
    next_url: str | None
    submission_url: str  # "" where names are not to be seen
    second: bool
    second_url: str | None
    draft_key: str


def question_rows(session: Session, scope: AssignmentScope) -> list[QuestionRow]:
    found = rubrics.questions(session, scope.assignment.id)
    counts = queries.waiting_counts(session, scope.assignment.id, [check.key for check in found])
    who: dict[str, list[str]] = {}
    for key, name, count in queries.markers(session, scope.assignment.id):
        who.setdefault(key, []).append(f"{name} {count}")
    return [
        _question_row(session, scope, check, counts.get(check.key, (0, 0)), who.get(check.key, [])) for check in found
    ]


def _question_row(
    session: Session, scope: AssignmentScope, check: CheckSpec, counts: tuple[int, int], who: list[str]
) -> QuestionRow:
    address = address_of(scope, check.key)
    return QuestionRow(
        key=check.key,
        title=check.title,
        points=check.points,
        total=counts[0],
        marked=counts[1],
        markers=", ".join(who),
        has_rubric=bool(rubrics.rubric_of(session, scope.assignment.id, check.key).criteria),
        list_url=url_for("marking.answers", **address),
        next_url=url_for("marking.next_answer", **address),
        rubric_url=url_for("marking.rubric", **address),
        sample_url=url_for("marking.sample", **address),
    )


def answer_rows(scope: AssignmentScope, key: str, items: Sequence[WorkItem], rubric: RubricView) -> list[AnswerRow]:
    return [
        AnswerRow(
            name=name_of(item, rubric),
            section="" if rubric.anonymous else item.section,
            url=url_for("marking.answer", submission_id=item.submission_id, **address_of(scope, key)),
            points=None if item.waits else item.points,
            max_points=item.max_points,
            marker=item.marker or "",
        )
        for item in items
    ]


def sample_rows(
    scope: AssignmentScope,
    key: str,
    items: Sequence[WorkItem],
    seconds: Mapping[str, list[SecondMark]],
    rubric: RubricView,
) -> list[SampleRow]:
    rows = []
    for item in items:
        given = seconds.get(item.mark_id or "", [])
        address = address_of(scope, key)
        rows.append(
            SampleRow(
                name=name_of(item, rubric),
                url=url_for("marking.answer", submission_id=item.submission_id, second=1, **address),
                first=f"{formats.points(item.points)} by {item.marker}",
                seconds=[
                    f"{formats.points(s.points)} by {s.marker.name}" + (f": {s.comment}" if s.comment else "")
                    for s in given
                ],
                differs=service.differs(item, given),
            )
        )
    return rows


def answer_page(
    session: Session,
    scope: AssignmentScope,
    key: str,
    submission_id: str,
    viewer: User,
    blocks: list[Block],
    *,
    typed: MarkForm | None = None,
    conflict: MarkChanged | None = None,
    second: bool = False,
) -> AnswerPage:
    """Raises NoSuchQuestion, NothingToMark."""
    check = rubrics.question(session, scope.assignment.id, key)
    rubric = rubrics.rubric_of(session, scope.assignment.id, key)
    items = queries.work(session, assignment_id=scope.assignment.id, course_id=scope.course.id, key=key)
    place = next((i for i, item in enumerate(items) if item.submission_id == submission_id), None)
    if place is None:
        raise NothingToMark
    item = items[place]
    mark = queries.mark_of(session, submission_id, key)
    address = address_of(scope, key)
    own_first = mark is not None and mark.marker_id == viewer.id
    route = "marking.second_send" if second else "marking.answer_send"
    return AnswerPage(
        key=key,
        title=check.title,
        hint=check.hint,
        max_points=item.max_points,
        name=name_of(item, rubric),
        attempt=item.attempt,
        marker="" if second else (item.marker or ""),
        blocks=blocks,
        criteria=rubric.criteria,
        comments=rubric.comments,
        form=_form(session, typed, conflict, mark, viewer, second=second),
        place=place + 1,
        total=len(items),
        waiting=sum(i.waits for i in items),
        save_url=url_for(route, submission_id=submission_id, **address),
        list_url=url_for("marking.sample" if second else "marking.answers", **address),
        previous_url=_url(address, items[place - 1]) if place else None,
        next_url=_url(address, items[place + 1]) if place + 1 < len(items) else None,
        submission_url="" if rubric.anonymous else url_for("submission.page", submission_id=submission_id),
        second=second,
        second_url=None if second or mark is None or own_first else _url(address, item, second=1),
        draft_key=f"mark:{submission_id}:{key}:{'second' if second else 'first'}",
    )


def _url(address: dict[str, Any], item: WorkItem, **more: Any) -> str:
    return url_for("marking.answer", submission_id=item.submission_id, **address, **more)


def _form(
    session: Session,
    typed: MarkForm | None,
    conflict: MarkChanged | None,
    mark: Mark | None,
    viewer: User,
    *,
    second: bool,
) -> MarkForm:
    if typed is not None:
        revision = conflict.revision if conflict is not None else typed.revision
        return MarkForm(typed.points, typed.criteria, typed.comment, revision, new_id())
    if second:
        own = queries.second_mark(session, mark.id, viewer.id) if mark is not None else None
        return MarkForm(formats.points(own.points), (), own.comment) if own is not None else MarkForm()
    if mark is None:
        return MarkForm(request_id=new_id())
    return MarkForm(formats.points(mark.points), tuple(mark.criteria), mark.comment, mark.revision, new_id())


def name_of(item: WorkItem, rubric: RubricView) -> str:
    return item.alias if rubric.anonymous else item.student


def address_of(scope: AssignmentScope, key: str) -> dict[str, Any]:
    return {"course_slug": scope.course.slug, "slug": scope.assignment.slug, "key": key}


def question_table(rows: Sequence[QuestionRow]) -> Table:
    columns = (Column("Question"), Column("Points", "points"), Column("Answers", "count"), Column("Marked", "count"))
    cells = tuple(Row((r.title, r.points, r.total, r.marked, r.markers), r.list_url) for r in rows)
    return Table("questions", "Questions that people mark", (*columns, Column("By whom")), cells)
