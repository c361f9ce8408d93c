"""The grade that a student's submissions add up to, by the assignment's rules; and what people decide over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, Grade, Run, Submission
from grader.grading import queries
from grader.groups import queries as groups
from grader.outbox import service as outbox
from grader.outbox.kinds import GRADE_CHANGED, GRADE_RETRACTED
from grader.policies import queries as policies
from grader.policies.evaluation import Attempt, counted, kept_share
from grader.policies.terms import Terms, terms_for
from grader.time import utc_now

Graded = tuple[Submission, Run]


def refresh(session: Session, student_id: str, assignment_id: str, by: Actor) -> bool:
    """Bring the grade up to the student's counted runs and the rules; tells whether it changed."""
    assignment = session.get_one(Assignment, assignment_id)
    grade = queries.lock_grade(session, student_id, assignment_id)
    graded = queries.graded_submissions(session, student_id, assignment_id)
    terms = policies.terms_of(session, assignment, student_id)
    return _bring_up(session, assignment, grade, graded, terms, by)


def refresh_for(session: Session, submission: Submission, by: Actor) -> None:
    """The same for everybody for whom the submission counts."""
    for student_id in groups.students_of(session, submission):
        refresh(session, student_id, submission.assignment_id, by)


def refresh_all(session: Session, assignment: Assignment, by: Actor) -> int:
    """The same for everybody who handed in, after the rules changed; tells how many grades changed."""
    policy = policies.policy_in_force(assignment, courses.current_version(session, assignment.id))
    dates = policies.dates_of(assignment)
    allowances = policies.allowances_of(session, [assignment])
    graded = queries.graded_of_assignment(session, assignment.id)
    changed = 0
    for grade in queries.lock_grades(session, assignment.id):
        terms = terms_for(policy, dates, allowances.get((grade.student_id, assignment.id)))
        changed += _bring_up(session, assignment, grade, graded.get(grade.student_id, []), terms, by)
    return changed


def settle(session: Session, assignment: Assignment, grade: Grade, before: dict[str, Any], by: Actor) -> bool:
    """After a grade's parts were changed: what counts now, and who is to be told. `before` is `view` of it then."""
    grade.score = None if grade.excused else _first(grade.override_score, grade.computed_score)
    after = view(grade)
    if after == before:
        return False
    grade.updated_at = utc_now()
    told = ("score", "max_score", "excused", "override_score", "note")
    if all(after[key] == before[key] for key in told):
        return False  # another submission of equal worth counts now: nothing that anybody needs to be told
    grade.revision += 1
    session.flush()
    audit.record(session, by, "grade.changed", "grade", grade.id, before=before, after=after)
    if not assignment.grades_hidden and any(after[key] != before[key] for key in told[:3]):
        owe(session, grade, GRADE_RETRACTED if grade.score is None else GRADE_CHANGED)
    return True


def owe(session: Session, grade: Grade, kind: str) -> None:
    """Owe the world outside the news of this grade."""
    owner = {"grade_id": grade.id, "student_id": grade.student_id, "assignment_id": grade.assignment_id}
    shown = {"score": grade.score, "max_score": grade.max_score, "submission_id": grade.submission_id}
    outbox.add(session, kind, grade.id, {**owner, **shown, "excused": grade.excused, "revision": grade.revision})


def view(grade: Grade) -> dict[str, Any]:
    """What of a grade can be seen, as the audit keeps it."""
    return {
        "score": grade.score,
        "max_score": grade.max_score,
        "submission_id": grade.submission_id,
        "raw_score": grade.raw_score,
        "kept_share": grade.kept_share,
        "override_score": grade.override_score,
        "excused": grade.excused,
        "note": grade.note,
    }


def _bring_up(
    session: Session, assignment: Assignment, grade: Grade, graded: Sequence[Graded], terms: Terms, by: Actor
) -> bool:
    before = view(grade)
    found = {submission.id: (submission, run) for submission, run in graded}
    attempts = [Attempt(s.id, s.number, s.created_at, share(run)) for s, run in graded]
    best = counted(terms, attempts, grade.chosen_submission_id)
    submission, run = found[best.id] if best is not None else (None, None)
    grade.submission_id = submission.id if submission is not None else None
    grade.raw_score = run.score if run is not None else None
    grade.kept_share = kept_share(terms, submission.created_at) if submission is not None else 1.0
    grade.computed_score = None if grade.raw_score is None else round(grade.raw_score * grade.kept_share, 2)
    if run is not None:
        grade.max_score = run.max_score
    elif grade.override_score is None:
        grade.max_score = None
    return settle(session, assignment, grade, before, by)


def share(run: Run) -> float:
    return run.score / run.max_score if run.score and run.max_score else 0.0


def _first(override: float | None, computed: float | None) -> float | None:
    return computed if override is None else override
