"""What staff see of grades that go to a learning platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, Course, LtiContext, LtiGradeSync, SyncState
from grader.lms.lti import queries, sync_overview
from grader.lms.lti.names import SCORE_SCOPE
from grader.lms.lti.sync_states import FAILURES, WAITING
from grader.web.formats import points
from grader.web.labels import Label

PAGE_ROWS = 50
MOST_DIFFERENCES = 200
ON_THE_WAY = (SyncState.QUEUED, SyncState.POSTING)

STATES: dict[SyncState, Label] = {
    SyncState.QUEUED: Label("Waits to be sent", "hourglass-split", "is-info"),
    SyncState.POSTING: Label("Being sent", "arrow-repeat", "is-info"),
    SyncState.ACKED: Label("Arrived", "check-circle-fill", "is-good"),
    SyncState.RETRY: Label("Failed, tried again", "clock", "is-warn"),
    SyncState.CONFLICT: Label("Sent again: newer there", "clock", "is-warn"),
    SyncState.OVERRIDDEN: Label("Another grade there", "exclamation-triangle-fill", "is-warn"),
    SyncState.BLOCKED_USER: Label("Not a student there", "slash-circle-fill", "is-bad"),
    SyncState.DEAD: Label("Given up", "x-octagon-fill", "is-bad"),
}


@dataclass(frozen=True)
class Choice:
    """One filter: what it is called in the address and on the page, and how many cells it finds."""

    key: str
    text: str
    count: int


@dataclass(frozen=True)
class SyncRow:
    id: str
    name: str
    user_id: str
    assignment: str
    slug: str
    place: str  # platform and its course
    label: Label
    here: str  # what it should hold
    there: str  # what was read back last; "" where nothing was
    draft: bool
    problem: str
    difference: str
    status: int | None
    excerpt: str
    tries: int
    tried_at: datetime | None
    next_try_at: datetime | None
    read_at: datetime | None
    may_send: bool


@dataclass(frozen=True)
class SyncPage:
    course: Course
    assignment: Assignment
    choices: list[Choice]
    chosen: str
    rows: list[SyncRow]
    page: int
    more: bool
    failed: int
    columns: list[tuple[str, str, str, datetime | None]]  # place, its name there, what is wrong, when read back
    connected: bool


@dataclass(frozen=True)
class PlaceRow:
    id: str
    text: str
    takes_grades: bool
    sends_drafts: bool


@dataclass(frozen=True)
class CoursePage:
    course: Course
    places: list[PlaceRow]
    assignments: list[tuple[Assignment, int, int, int]]  # arrived, waiting, failed
    differences: list[SyncRow]


def sync_page(session: Session, course: Course, assignment: Assignment, chosen: str, page: int) -> SyncPage:
    found = sync_overview.counts(session, [assignment.id])[assignment.id]
    states = _states(chosen)
    rows = sync_overview.cells(session, assignment.id, states, limit=PAGE_ROWS + 1, offset=(page - 1) * PAGE_ROWS)
    columns = [
        (_place(item.context), item.label, item.problem, item.reconciled_at)
        for item in sync_overview.columns(session, assignment.id)
    ]
    return SyncPage(
        course=course,
        assignment=assignment,
        choices=_choices(found),
        chosen=chosen if states is not None else "",
        rows=sync_rows(rows[:PAGE_ROWS]),
        page=page,
        more=len(rows) > PAGE_ROWS,
        failed=sum(found.get(state, 0) for state in (*WAITING, *FAILURES) if state not in NOT_SENT_TOGETHER),
        columns=columns,
        connected=bool(columns) or bool(queries.contexts_of_course(session, course.id)),
    )


# What "send again all that failed" leaves alone: what is on its way, and what a teacher there decided.
NOT_SENT_TOGETHER = frozenset({*ON_THE_WAY, SyncState.OVERRIDDEN})


def course_page(session: Session, course: Course) -> CoursePage:
    assignments = courses.assignments_of(session, course.id, published_only=False)
    found = sync_overview.counts(session, [a.id for a in assignments])
    lines = []
    for assignment in assignments:
        of = found[assignment.id]
        failed = sum(of.get(state, 0) for state in FAILURES)
        lines.append(
            (assignment, of.get(SyncState.ACKED, 0), sum(of.values()) - of.get(SyncState.ACKED, 0) - failed, failed)
        )
    places = [
        PlaceRow(c.id, _place(c), SCORE_SCOPE in c.grade_scopes, c.sends_drafts)
        for c in queries.contexts_of_course(session, course.id)
    ]
    differing = sync_overview.differences(session, course.id, MOST_DIFFERENCES)
    return CoursePage(course, places, lines, sync_rows(differing))


def sync_rows(cells: Sequence[LtiGradeSync]) -> list[SyncRow]:
    return [_row(cell) for cell in cells]


def _row(cell: LtiGradeSync) -> SyncRow:
    assignment = cell.line_item.assignment
    return SyncRow(
        id=cell.id,
        name=cell.user.name,
        user_id=cell.user_id,
        assignment=assignment.title,
        slug=assignment.slug,
        place=_place(cell.line_item.context),
        label=STATES[cell.state],
        here=_points(cell.wanted_score, cell.wanted_maximum) if cell.wanted_score is not None else "no grade",
        there=_there(cell),
        draft=cell.wanted_draft,
        problem=cell.problem,
        difference=cell.difference,
        status=cell.last_status,
        excerpt=cell.excerpt,
        tries=cell.tries,
        tried_at=cell.last_try_at,
        next_try_at=cell.next_try_at if cell.state in WAITING else None,
        read_at=cell.read_at,
        may_send=cell.state not in ON_THE_WAY,
    )


def _there(cell: LtiGradeSync) -> str:
    if cell.read_at is None:
        return ""
    return _points(cell.read_score, cell.read_maximum) if cell.read_score is not None else "no grade"


def _points(score: float | None, maximum: float | None) -> str:
    return f"{points(score)} of {points(maximum)}" if maximum is not None else points(score)


def _place(context: LtiContext) -> str:
    name = context.deployment.registration.name
    return f"{name}: {context.title}" if context.title else name


def _states(chosen: str) -> tuple[SyncState, ...] | None:
    if chosen == "failed":
        return tuple(sorted(FAILURES))
    return (SyncState(chosen),) if chosen in {state.value for state in SyncState} else None


def _choices(found: dict[SyncState, int]) -> list[Choice]:
    """All, what failed, and every state in which there is something."""
    failed = sum(found.get(state, 0) for state in FAILURES)
    choices = [Choice("", "All", sum(found.values())), Choice("failed", "Not there", failed)]
    return choices + [Choice(s.value, label.text, found[s]) for s, label in STATES.items() if found.get(s)]
