"""What staff see of an assignment: all submissions, filtered, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.db.models import SubmissionStatus
from grader.grading import quarantine
from grader.grading.quarantine import Quarantined
from grader.submissions import queries as submissions
from grader.submissions.filters import SubmissionFilter, SubmissionRow
from grader.web.access import AssignmentScope
from grader.web.labels import Label, status_label

PAGE_ROWS = 50


@dataclass(frozen=True)
class FilterForm:
    """The filters as they were typed; whatever cannot be read counts as not given."""

    status: str = ""
    text: str = ""
    latest: bool = True
    score_min: str = ""
    score_max: str = ""

    @classmethod
    def of(cls, args: Mapping[str, str]) -> FilterForm:
        status = args.get("status", "")
        return cls(
            status=status if status in set(SubmissionStatus) else "",
            text=args.get("q", "").strip()[:200],
            latest=args.get("attempts", "latest") != "all",
            score_min=_number_text(args.get("score_min", "")),
            score_max=_number_text(args.get("score_max", "")),
        )

    def query(self, assignment_id: str) -> SubmissionFilter:
        return SubmissionFilter(
            assignment_id=assignment_id,
            statuses=(SubmissionStatus(self.status),) if self.status else (),
            text=self.text,
            latest_only=self.latest,
            score_min=float(self.score_min) if self.score_min else None,
            score_max=float(self.score_max) if self.score_max else None,
        )

    def args(self) -> dict[str, Any]:
        """As they stand in an address."""
        given = {
            "q": self.text,
            "status": self.status,
            "attempts": "" if self.latest else "all",
            "score_min": self.score_min,
            "score_max": self.score_max,
        }
        return {key: value for key, value in given.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(self.status or self.text or self.score_min or self.score_max)


@dataclass(frozen=True)
class StaffRow:
    student: str
    email: str
    number: int
    label: Label
    score: float | None
    max_score: float | None
    seconds: float | None
    created_at: datetime
    url: str


@dataclass(frozen=True)
class StaffPage:
    title: str
    slug: str
    course_name: str
    course_slug: str
    rows: list[StaffRow]
    total: int
    page: int
    pages: int
    first: int
    last: int
    previous_url: str | None
    next_url: str | None
    own_url: str
    here_url: str
    rerun_url: str
    filters: FilterForm
    statuses: list[tuple[str, str]]
    quarantined: list[Quarantined]


def staff_page(session: Session, scope: AssignmentScope, filters: FilterForm, page: int) -> StaffPage:
    address: dict[str, Any] = {"course_slug": scope.course.slug, "slug": scope.assignment.slug}
    query = filters.query(scope.assignment.id)
    page = max(1, page)
    found = submissions.find(session, query, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    pages = max(1, ceil(found.total / PAGE_ROWS))
    if page > pages:
        page = pages
        found = submissions.find(session, query, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    here: dict[str, Any] = {**address, **filters.args()}
    first = (page - 1) * PAGE_ROWS
    return StaffPage(
        title=scope.assignment.title,
        slug=scope.assignment.slug,
        course_name=scope.course.title,
        course_slug=scope.course.slug,
        rows=[_row(row) for row in found.rows],
        total=found.total,
        page=page,
        pages=pages,
        first=first + 1 if found.rows else 0,
        last=first + len(found.rows),
        previous_url=url_for("staff.submissions", **here, page=page - 1) if page > 1 else None,
        next_url=url_for("staff.submissions", **here, page=page + 1) if page < pages else None,
        own_url=url_for("student.assignment", **address),
        here_url=url_for("staff.submissions", **address),
        rerun_url=url_for("staff.rerun_many", **here),
        filters=filters,
        quarantined=quarantine.listed(session, assignment_id=scope.assignment.id),
        statuses=[(status.value, status_label(status).text) for status in SubmissionStatus],
    )


def _row(row: SubmissionRow) -> StaffRow:
    submission = row.submission
    return StaffRow(
        student=row.student.name,
        email=row.student.email,
        number=submission.number,
        label=status_label(submission.status),
        score=row.score,
        max_score=row.max_score,
        seconds=row.seconds_total,
        created_at=submission.created_at,
        url=url_for("submission.page", submission_id=submission.id),
    )


def _number_text(text: str) -> str:
    try:
        value = float(text.strip())
    except ValueError:
        return ""
    return f"{value:g}" if 0 <= value <= 1e6 else ""
