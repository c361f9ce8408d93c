from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.dashboard import answers, health, people, queries
from grader.dashboard.figures import AssignmentFigures, CourseFigures
from grader.db.models import Assignment

HISTORY = timedelta(days=42)


def course_figures(session: Session, course_id: str, now: datetime) -> CourseFigures:
    """A fixed number of queries, whatever the course holds."""
    where = Assignment.course_id == course_id
    return CourseFigures(
        assignments=queries.assignment_counts(session, where),
        days=queries.day_counts(session, where, now - HISTORY),
        scores=queries.score_distribution(session, where),
        needs=people.needs(session, course_id, where),
        turnaround=queries.turnaround(session, where),
        queues=health.queues(session),
        workers=health.workers(session, now),
    )


def assignment_figures(session: Session, assignment: Assignment, now: datetime) -> AssignmentFigures:
    """A fixed number of queries, whatever was handed in."""
    where = Assignment.id == assignment.id
    return AssignmentFigures(
        counts=queries.assignment_counts(session, where)[0],
        days=queries.day_counts(session, where, now - HISTORY),
        scores=queries.score_distribution(session, where),
        checks=answers.check_counts(session, assignment.id),
        misconceptions=answers.misconceptions(session, assignment.id),
        needs=people.needs(session, assignment.course_id, where),
        turnaround=queries.turnaround(session, where),
        queues=health.queues(session),
        workers=health.workers(session, now),
    )
