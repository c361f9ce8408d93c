"""How students answer: the checks of an assignment, and what is behind wrong answers."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.dashboard.figures import CheckCounts, Misconception
from grader.dashboard.queries import by_students
from grader.db.models import Assignment, CheckResultRow, Grade, Submission

EXAMPLES = 3
MOST_MISCONCEPTIONS = 30


def check_counts(session: Session, assignment_id: str) -> list[CheckCounts]:
    """The checks of the submissions that count, one for each student, in the order of the assignment."""
    row = CheckResultRow
    query = (
        select(
            row.key,
            row.verdict,
            func.count(),
            func.sum(row.points),
            func.sum(row.max_points),
            func.max(row.title),
            func.min(row.position),
        )
        .select_from(Grade)
        .join(Submission, Submission.id == Grade.submission_id)
        .join(row, row.run_id == Submission.counted_run_id)
        .where(Grade.assignment_id == assignment_id, by_students(Grade.student_id, Assignment.id == assignment_id))
        .group_by(row.key, row.verdict)
    )
    verdicts: dict[str, dict[str, int]] = defaultdict(dict)
    points: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    titles: dict[str, tuple[int, str]] = {}
    for key, verdict, count, got, most, title, position in session.execute(query):
        verdicts[key][verdict.value] = count
        points[key][0] += got
        points[key][1] += most
        titles[key] = min(titles.get(key, (position, title)), (position, title))
    shares = {key: got / most if most else 0.0 for key, (got, most) in points.items()}
    order = sorted(titles, key=lambda key: titles[key])
    return [CheckCounts(key, titles[key][1], verdicts[key], shares[key]) for key in order]


def misconceptions(session: Session, assignment_id: str) -> list[Misconception]:
    """What was recognised behind wrong answers, what most students share first."""
    row = CheckResultRow
    found = (
        select(
            row.key,
            row.diagnosis,
            row.title,
            row.message,
            Submission.id.label("submission_id"),
            Submission.student_id,
            func.row_number().over(partition_by=(row.key, row.diagnosis), order_by=Submission.id.desc()).label("place"),
        )
        .join(Submission, Submission.counted_run_id == row.run_id)
        .where(Submission.assignment_id == assignment_id, row.diagnosis.is_not(None), row.points < row.max_points)
        .where(by_students(Submission.student_id, Assignment.id == assignment_id))
        .cte("found")
    )
    totals = (
        select(
            found.c.key,
            found.c.diagnosis,
            func.count().label("attempts"),
            func.count(found.c.student_id.distinct()).label("students"),
        )
        .group_by(found.c.key, found.c.diagnosis)
        .cte("totals")
    )
    query = (
        select(found, totals.c.attempts, totals.c.students)
        .join(totals, (totals.c.key == found.c.key) & (totals.c.diagnosis == found.c.diagnosis))
        .where(found.c.place <= EXAMPLES)
        .order_by(totals.c.students.desc(), totals.c.attempts.desc(), found.c.key, found.c.diagnosis, found.c.place)
        .limit(MOST_MISCONCEPTIONS * EXAMPLES)
    )
    made: dict[tuple[str, str], Misconception] = {}
    for r in session.execute(query):
        seen = made.get((r.key, r.diagnosis))
        examples = (*(seen.examples if seen else ()), r.submission_id)
        message = seen.message if seen else r.message
        made[r.key, r.diagnosis] = Misconception(r.key, r.title, r.diagnosis, r.students, r.attempts, message, examples)
    return list(made.values())[:MOST_MISCONCEPTIONS]
