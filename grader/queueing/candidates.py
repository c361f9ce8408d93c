"""The runs that wait, and those of them among which the next few are: the database finds the heads of the lines.

The rule picks from the head of a line: of a student's own runs in a course, or of all that staff have graded again
there. Whoever wants so many jobs needs no line that more than so many others are before. So what is read depends on
how many are wanted and how many courses wait, not on how many runs wait.

How long the runs of an assignment take decides between lines, too, and is not known to the database. So each
assignment is looked at alone, first and later attempts apart: there only a student's turns and the time decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Select, Subquery, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from grader.db.models import Assignment, OutboxMessage, QueueShare, Run, RunCause, RunStatus, Submission
from grader.queueing.queries import due
from grader.queueing.rule import Job
from grader.queueing.shares import ROUND
from worker.contract import Queue

_COLUMNS = ("message_id", "run_id", "course_id", "assignment_id", "student_id", "since", "first", "again")


@dataclass(frozen=True)
class Waiting:
    """A run that waits to be chosen, with the row of the outbox that owes its job. Its `seconds` are not known here."""

    message_id: str
    job: Job


def waiting(session: Session, queue: Queue, now: datetime) -> list[Waiting]:
    """All whose job is due."""
    return _read(session, _waiting(queue, now))


def candidates(session: Session, queue: Queue, now: datetime, number: int) -> list[Waiting]:
    """At least all that may be among the next `number`: from them the rule picks the same jobs as from all that wait,
    and leaves the same shares. One query.
    """
    most = number + 1  # so that after the last pick somebody still waits where somebody does
    all_that_wait = _waiting(queue, now).cte("waiting")
    own = ("again", "course_id", "line")
    heads = _heads(all_that_wait, queue)
    group = [heads.c[name] for name in ("again", "course_id", "assignment_id", "first")]
    before = func.rank().over(partition_by=group, order_by=[heads.c.turns, heads.c.oldest]).label("before")
    ranked = select(*(heads.c[name] for name in own), before).subquery("ranked")
    near = select(*(ranked.c[name] for name in own)).where(ranked.c.before <= most)
    age = func.rank().over(partition_by=all_that_wait.c.course_id, order_by=all_that_wait.c.since).label("age")
    aged = select(all_that_wait.c.run_id, age).subquery("aged")
    old = select(aged.c.run_id).where(aged.c.age <= most)
    in_line = tuple_(*(all_that_wait.c[name] for name in own)).in_(near)
    columns = [all_that_wait.c[name] for name in _COLUMNS]
    return _read(session, select(*columns).where(or_(in_line, all_that_wait.c.run_id.in_(old))))


def _heads(all_that_wait: CTE, queue: Queue) -> Subquery:
    """The oldest of each line, of each assignment and kind apart, with the turns that the line had.

    As `Shares.of_student` says it: no fewer than the round of its course.
    """
    kind = [all_that_wait.c[name] for name in ("again", "course_id", "line", "assignment_id", "first")]
    line = select(*kind, func.min(all_that_wait.c.since).label("oldest")).group_by(*kind).subquery("line")
    had, rounds = aliased(QueueShare), aliased(QueueShare)
    turns, reached = func.coalesce(had.given, 0.0), func.coalesce(rounds.given, 0.0)
    return (
        select(line, case((turns > reached, turns), else_=reached).label("turns"))
        .outerjoin(had, and_(had.queue == queue, had.course_id == line.c.course_id, had.owner == line.c.line))
        .outerjoin(rounds, and_(rounds.queue == queue, rounds.course_id == line.c.course_id, rounds.owner == ROUND))
        .subquery("heads")
    )


def _waiting(queue: Queue, now: datetime) -> Select[Any]:
    """A row each, with _COLUMNS and `line`: its student. What staff ask for is nobody's turn, so each stands alone."""
    again = or_(Run.trial_id.is_not(None), Submission.counted_run_id.is_not(None), Run.cause == RunCause.RERUN)
    return (
        select(
            OutboxMessage.id.label("message_id"),
            Run.id.label("run_id"),
            Assignment.course_id,
            Submission.assignment_id,
            Submission.student_id,
            case((again, Run.created_at), else_=Submission.created_at).label("since"),
            (Submission.number == 1).label("first"),
            again.label("again"),
            case((again, Run.id), else_=Submission.student_id).label("line"),
        )
        .join(Run, Run.id == OutboxMessage.subject_id)
        .join(Submission, Submission.id == Run.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(*due(now), Run.queue == queue, Run.status == RunStatus.QUEUED, Run.dispatched_at.is_(None))
    )


def _read(session: Session, query: Select[Any]) -> list[Waiting]:
    found = []
    for row in session.execute(query):
        message_id, run_id, course, assignment, student, since, first, again = row[: len(_COLUMNS)]
        job = Job(run_id, course, student, assignment, since.timestamp(), first=bool(first), again=bool(again))
        found.append(Waiting(message_id, job))
    return found
