"""The grade that a student's submissions add up to: the best of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Grade, Run, Submission
from grader.grading import queries
from grader.outbox import service as outbox
from grader.outbox.kinds import GRADE_CHANGED, GRADE_RETRACTED
from grader.time import utc_now


def refresh(session: Session, student_id: str, assignment_id: str, by: Actor) -> bool:
    """Bring the grade up to the student's counted runs; tells whether it changed.

    The submission with the best share of its points counts; among equals the earliest.
    """
    grade = queries.lock_grade(session, student_id, assignment_id)
    graded = queries.graded_submissions(session, student_id, assignment_id)
    best = max(graded, key=lambda pair: (_share(pair[1]), -pair[0].number), default=None)
    before = _view(grade)
    _set(grade, best)
    if _view(grade) == before:
        return False
    grade.updated_at = utc_now()
    if (grade.score, grade.max_score) == (before["score"], before["max_score"]):
        return False  # another submission of equal worth counts now: nothing that anybody needs to be told
    grade.revision += 1
    session.flush()
    after = _view(grade)
    audit.record(session, by, "grade.changed", "grade", grade.id, before=before, after=after)
    kind = GRADE_RETRACTED if grade.score is None else GRADE_CHANGED
    owner = {"grade_id": grade.id, "student_id": student_id, "assignment_id": assignment_id}
    outbox.add(session, kind, grade.id, {**owner, **after, "revision": grade.revision})
    return True


def _share(run: Run) -> float:
    return run.score / run.max_score if run.score and run.max_score else 0.0


def _set(grade: Grade, best: tuple[Submission, Run] | None) -> None:
    submission, run = best if best is not None else (None, None)
    grade.submission_id = submission.id if submission is not None else None
    grade.score = run.score if run is not None else None
    grade.max_score = run.max_score if run is not None else None


def _view(grade: Grade) -> dict[str, Any]:
    return {"score": grade.score, "max_score": grade.max_score, "submission_id": grade.submission_id}
