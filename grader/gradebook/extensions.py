"""Later dates and more attempts for some students, and the late tokens that students spend themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Assignment, Course, Enrolment, Extension, Role, User
from grader.gradebook.errors import InvalidExtension, NotAStudent, NoTokens
from grader.grading import grades
from grader.groups import queries as groups
from grader.policies import queries as policies
from grader.policies.evaluation import tokens_left
from grader.policies.terms import Allowance
from grader.submissions.queries import lock_student
from grader.time import utc_now

MOST_EXTRA = 100


def grant(
    session: Session, *, assignment: Assignment, students: Sequence[User], allowance: Allowance, reason: str, by: Actor
) -> list[Extension]:
    """Give each of the students these dates and attempts, in place of what was given before.

    Tokens that a student has spent stay. Raises InvalidExtension, NotAStudent.
    """
    _require_sense(assignment, allowance, reason)
    given = []
    for student in sorted(students, key=lambda user: user.id):  # everybody locks in one order
        _require_student(session, assignment, student)
        lock_student(session, student.id)
        extension = _of(session, assignment, student.id)
        before = _view(extension)
        extension.due_at, extension.closes_at = allowance.due_at, allowance.closes_at
        extension.extra_attempts, extension.reason = allowance.extra_attempts, reason.strip()
        _note(session, extension, "extension.granted", before, by)
        _refresh(session, assignment, student, by)
        given.append(extension)
    return given


def revoke(session: Session, *, assignment: Assignment, student: User, by: Actor) -> None:
    """Take back what was granted; spent tokens stay spent and go on counting."""
    lock_student(session, student.id)
    extension = policies.extension_of(session, assignment_id=assignment.id, student_id=student.id)
    if extension is None:
        return
    before = _view(extension)
    extension.due_at = extension.closes_at = None
    extension.extra_attempts, extension.reason = 0, ""
    _note(session, extension, "extension.revoked", before, by)
    _refresh(session, assignment, student, by)


def spend_token(session: Session, *, assignment: Assignment, student: User, by: Actor) -> Extension:
    """Move the student's due date by one late token. Raises NoTokens."""
    lock_student(session, student.id)
    if token_room(session, assignment, student.id) == 0:
        raise NoTokens
    extension = _of(session, assignment, student.id)
    before = _view(extension)
    extension.tokens += 1
    _note(session, extension, "late-token.spent", before, by)
    _refresh(session, assignment, student, by)
    return extension


def token_room(session: Session, assignment: Assignment, student_id: str) -> int:
    """How many late tokens the student may still spend on the assignment now; none once it is closed."""
    terms = policies.terms_of(session, assignment, student_id)
    if terms.due_at is None or (terms.closes_at is not None and utc_now() > terms.closes_at):
        return 0
    course = session.get_one(Course, assignment.course_id)
    spent = policies.tokens_spent(session, course_id=course.id, student_id=student_id)
    return tokens_left(terms, course.late_tokens, spent)


def _refresh(session: Session, assignment: Assignment, student: User, by: Actor) -> None:
    """The grades of all for whom the student's extension holds."""
    shared = groups.sharing(session, [assignment], student.id).get((student.id, assignment.id), [])
    for student_id in sorted({student.id, *shared}):
        grades.refresh(session, student_id, assignment.id, by)


def _require_sense(assignment: Assignment, allowance: Allowance, reason: str) -> None:
    if not reason.strip():
        raise InvalidExtension("Say in a few words why: it is kept in the audit log.")
    if allowance.due_at is None and allowance.closes_at is None and not allowance.extra_attempts:
        raise InvalidExtension("An extension needs a later due date, a later closing date or extra attempts.")
    if not 0 <= allowance.extra_attempts <= MOST_EXTRA:
        raise InvalidExtension(f"Extra attempts must be between 0 and {MOST_EXTRA}.")
    for name, usual, own in (
        ("due", assignment.due_at, allowance.due_at),
        ("closing", assignment.closes_at, allowance.closes_at),
    ):
        if own is not None and usual is None:
            raise InvalidExtension(f"The assignment has no {name} date, so there is none to move.")
        if own is not None and usual is not None and own <= usual:
            raise InvalidExtension(f"The new {name} date must be after the assignment's.")


def _require_student(session: Session, assignment: Assignment, student: User) -> None:
    query = select(Enrolment.role).where(Enrolment.user_id == student.id, Enrolment.course_id == assignment.course_id)
    if session.scalar(query) is not Role.STUDENT:
        raise NotAStudent(student.email)


def _of(session: Session, assignment: Assignment, student_id: str) -> Extension:
    found = policies.extension_of(session, assignment_id=assignment.id, student_id=student_id)
    if found is None:
        found = Extension(
            assignment_id=assignment.id, student_id=student_id, extra_attempts=0, tokens=0, reason="", revision=0
        )
        session.add(found)
        session.flush()
    return found


def _note(session: Session, extension: Extension, action: str, before: dict[str, Any], by: Actor) -> None:
    extension.revision += 1
    extension.updated_at = utc_now()
    session.flush()
    audit.record(session, by, action, "extension", extension.id, before=before, after=_view(extension))


def _view(extension: Extension) -> dict[str, Any]:
    return {
        "student_id": extension.student_id,
        "assignment_id": extension.assignment_id,
        "due_at": extension.due_at.isoformat() if extension.due_at else None,
        "closes_at": extension.closes_at.isoformat() if extension.closes_at else None,
        "extra_attempts": extension.extra_attempts,
        "tokens": extension.tokens,
        "reason": extension.reason,
    }
