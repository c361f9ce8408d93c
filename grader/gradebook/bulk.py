"""The same decision for many students at once: excuse, or take that back. Extensions are in `extensions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, Role, User
from grader.gradebook.errors import InvalidGrade, NotAStudent
from grader.grading import grades, queries


@dataclass(frozen=True)
class Excused:
    """`left`: those whose score a person has set, who were left as they are."""

    done: int
    left: tuple[User, ...]


def excuse(
    session: Session, *, assignment: Assignment, students: Sequence[User], excused: bool, note: str, by: Actor
) -> Excused:
    """Excuse these students from the assignment, or let it count for them again; all of them or, on an error, none.

    A score that a person has set is never thrown away by this. Raises InvalidGrade, NotAStudent.
    """
    if excused and not note.strip():
        raise InvalidGrade("Say in a few words why: the student sees it, and it is kept in the history.")
    members = {e.user_id for e in courses.people_of(session, assignment.course_id) if e.role is Role.STUDENT}
    done, left = 0, []
    for student in sorted(students, key=lambda user: user.id):  # everybody locks in one order
        if student.id not in members:
            raise NotAStudent(student.email)
        grade = queries.lock_grade(session, student.id, assignment.id)
        if grade.override_score is not None:
            left.append(student)
            continue
        before = grades.view(grade)
        if grade.excused is not excused:
            grade.excused, grade.note = excused, note.strip()
            done += grades.settle(session, assignment, grade, before, by)
    return Excused(done, tuple(left))
