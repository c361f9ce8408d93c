"""One cell of the gradebook, decided by a person: another score, excused, or the attempt that a student chose."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, Enrolment, Grade, Role, Submission, User
from grader.gradebook.errors import EditConflict, InvalidGrade, NotAStudent, NotYours
from grader.grading import grades, queries
from grader.outbox.kinds import GRADE_RELEASED, GRADE_RETRACTED
from grader.policies import queries as policies

MOST_TIMES = 2.0  # of the most points: a bonus is possible, a slip of the finger is not


@dataclass(frozen=True)
class Decision:
    """`score` None: what was computed counts. `note` says why, and the student reads it."""

    score: float | None = None
    excused: bool = False
    note: str = ""

    @property
    def text(self) -> str:
        if self.excused:
            return "excused"
        return "no override" if self.score is None else f"{self.score:g} points"


def decide(
    session: Session, *, assignment: Assignment, student: User, decision: Decision, expected: int, by: Actor
) -> Grade:
    """Override or excuse one grade, or take that back (an empty decision).

    `expected` is the grade's revision that the person saw. Raises InvalidGrade, NotAStudent, EditConflict.
    """
    role = select(Enrolment.role).where(Enrolment.user_id == student.id, Enrolment.course_id == assignment.course_id)
    if session.scalar(role) is not Role.STUDENT:
        raise NotAStudent(student.email)
    version = courses.current_version(session, assignment.id)
    most = version.max_score if version is not None else 0.0
    _require_sense(decision, most)
    grade = queries.lock_grade(session, student.id, assignment.id)
    if grade.revision != expected:
        raise EditConflict(f"The grade of {student.name}", state_text(grade), decision.text, grade.revision)
    before = grades.view(grade)
    grade.override_score = decision.score
    grade.excused = decision.excused
    grade.note = decision.note.strip()
    if grade.max_score is None and decision.score is not None:
        grade.max_score = most
    grades.settle(session, assignment, grade, before, by)
    return grade


def choose(session: Session, *, assignment: Assignment, student: User, submission: Submission, by: Actor) -> None:
    """The student says which attempt counts. Raises NotYours."""
    terms = policies.terms_of(session, assignment, student.id)
    graded = {found.id for found, _ in queries.graded_submissions(session, student.id, assignment.id)}
    if terms.policy.counted != "chosen" or submission.id not in graded:
        raise NotYours
    grade = queries.lock_grade(session, student.id, assignment.id)
    if grade.chosen_submission_id == submission.id:
        return
    before = {"chosen": grade.chosen_submission_id}
    grade.chosen_submission_id = submission.id
    audit.record(session, by, "attempt.chosen", "grade", grade.id, before=before, after={"chosen": submission.id})
    session.flush()
    grades.refresh(session, student.id, assignment.id, by)


def show_grades(session: Session, *, assignment: Assignment, shown: bool, by: Actor) -> int:
    """Release an assignment's grades to students, or hide them; tells how many grades that concerns."""
    locked = session.scalars(select(Assignment).where(Assignment.id == assignment.id).with_for_update()).one()
    if locked.grades_hidden is not shown:
        return 0
    locked.grades_hidden = not shown
    session.flush()
    found = [grade for grade in queries.lock_grades(session, assignment.id) if grade.score is not None]
    for grade in found:
        grade.revision += 1
        grades.owe(session, grade, GRADE_RELEASED if shown else GRADE_RETRACTED)
    action = "grades.released" if shown else "grades.hidden"
    audit.record(session, by, action, "assignment", assignment.id, after={"grades": len(found)})
    return len(found)


def state_text(grade: Grade) -> str:
    if grade.excused:
        return "excused"
    if grade.score is None:
        return "no score"
    kind = "set by a person" if grade.override_score is not None else "as graded"
    return f"{grade.score:g} of {grade.max_score or 0:g} points, {kind}"


def _require_sense(decision: Decision, most: float) -> None:
    if (decision.score is not None or decision.excused) and not decision.note.strip():
        raise InvalidGrade("Say in a few words why: the student sees it, and it is kept in the history.")
    if decision.score is not None and decision.excused:
        raise InvalidGrade("A student is either excused or has a score, not both.")
    if decision.score is not None and not (math.isfinite(decision.score) and 0 <= decision.score <= MOST_TIMES * most):
        raise InvalidGrade(f"The score must be between 0 and {MOST_TIMES * most:g} (this assignment has {most:g}).")
