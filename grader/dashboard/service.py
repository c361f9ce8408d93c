from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from grader.dashboard import answers, health, people, queries
from grader.dashboard.figures import AssignmentCounts, AssignmentFigures, CourseFigures, DayCounts
from grader.dashboard.queries import HandedIn
from grader.db.models import Assignment

HISTORY = timedelta(days=42)


def course_figures(session: Session, course_id: str, now: datetime) -> CourseFigures:
    """A fixed number of queries, whatever the course holds."""
    where = Assignment.course_id == course_id
    handed_in = queries.handed_in(session, where)
    return CourseFigures(
        assignments=_by_assignment(session, where, handed_in),
        days=_by_day(handed_in, now - HISTORY),
        scores=queries.score_distribution(session, where),
        needs=people.needs(session, course_id, where),
        turnaround=queries.turnaround(session, where),
        queues=health.queues(session),
        workers=health.workers(session, now),
    )


def assignment_figures(session: Session, assignment: Assignment, now: datetime) -> AssignmentFigures:
    """A fixed number of queries, whatever was handed in."""
    where = Assignment.id == assignment.id
    handed_in = queries.handed_in(session, where)
    return AssignmentFigures(
        counts=_by_assignment(session, where, handed_in)[0],
        days=_by_day(handed_in, now - HISTORY),
        scores=queries.score_distribution(session, where),
        checks=answers.check_counts(session, assignment.id),
        misconceptions=answers.misconceptions(session, assignment.id),
        needs=people.needs(session, assignment.course_id, where),
        turnaround=queries.turnaround(session, where),
        queues=health.queues(session),
        workers=health.workers(session, now),
    )


def _by_assignment(
    session: Session, where: ColumnElement[bool], handed_in: Sequence[HandedIn]
) -> list[AssignmentCounts]:
    found = []
    for assignment, mean in queries.assignments(session, where):
        own = [h for h in handed_in if h.assignment_id == assignment.id]
        found.append(
            AssignmentCounts(
                slug=assignment.slug,
                title=assignment.title,
                due_at=assignment.due_at,
                submitted=sum(h.submitted for h in own),
                graded=sum(h.graded for h in own),
                failed=sum(h.failed for h in own),
                waiting=sum(h.waiting for h in own),
                late=sum(h.late for h in own),
                students=sum(h.students for h in own),
                mean_share=mean,
            )
        )
    return found


def _by_day(handed_in: Sequence[HandedIn], since: datetime) -> list[DayCounts]:
    days: dict[str, DayCounts] = {}
    for h in handed_in:  # by day, as the query orders them
        if h.day >= since.date().isoformat():
            d = days.get(h.day, DayCounts(h.day, 0, 0, 0, 0))
            days[h.day] = DayCounts(
                h.day, d.graded + h.graded, d.failed + h.failed, d.waiting + h.waiting, d.late + h.late
            )
    return list(days.values())
