"""What each kind of message does, through the same services that people use. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from assignments.policy import DatesSpec
from grader.accounts import queries as accounts
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, Course, Enrolment, Role, Source, User
from grader.gradebook import extensions, policies
from grader.lms.incoming import events
from grader.lms.incoming.errors import InvalidMessage
from grader.people import service as people
from grader.people.errors import NotInCourse
from grader.people.roster import RosterLine, read_line
from grader.policies.queries import dates_of, policy_in_force
from grader.policies.terms import Allowance
from grader.submissions import service as submissions
from grader.submissions.intake import Upload

Result = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """A message that was read, and its notebook, if it brings one, already checked and kept."""

    data: events.AnyData
    upload: Upload | None = None


def carry_out(session: Session, course: Course, work: Work, by: Actor) -> Result:
    """What was done, for the answer. Raises DomainError when it cannot be done as a whole."""
    data = work.data
    if isinstance(data, events.RosterData):
        return _roster(session, course, data, by)
    if isinstance(data, events.DatesData):
        return _dates(session, course, data, by)
    if isinstance(data, events.ExtensionData):
        return _extension(session, course, data, by)
    if isinstance(data, events.RevokedData):
        return _revoke(session, course, data, by)
    if isinstance(data, events.SubmissionData) and work.upload is not None:
        return _submission(session, course, data, work.upload, by)
    return {}


def _roster(session: Session, course: Course, data: events.RosterData, by: Actor) -> Result:
    """First who comes, then who changes, then who goes: a course is never without an instructor in between."""
    _require_once([change.email for change in data.changes])
    lines = [_line(n, c) for n, c in enumerate(data.changes, start=1) if c.action == "enrol"]
    enrolled = people.apply(session, course=course, lines=lines, by=by)
    changed = dropped = 0
    for change in data.changes:
        if change.action == "change":
            enrolment = _enrolment(session, course, change.email)
            if enrolment is None:
                raise NotInCourse(change.email)
            role = Role(change.role) if change.role else enrolment.role
            section = enrolment.section if change.section is None else change.section
            changed += (role, section) != (enrolment.role, enrolment.section)
            people.change(session, course=course, enrolment=enrolment, role=role, section=section, by=by)
    for change in data.changes:
        if change.action == "drop" and (enrolment := _enrolment(session, course, change.email)) is not None:
            people.drop(session, course=course, enrolment=enrolment, by=by)
            dropped += 1
    people.tell_synced(session, course=course, source="webhook", changed=enrolled + changed, dropped=dropped)
    unchanged = len(data.changes) - enrolled - changed - dropped
    return {"enrolled": enrolled, "changed": changed, "dropped": dropped, "unchanged": unchanged}


def _line(number: int, change: events.PersonChange) -> RosterLine:
    cells = {"email": change.email, "name": change.name, "role": change.role or "", "section": change.section or ""}
    line = read_line(number, cells)
    if line.problem:
        raise InvalidMessage(f"data.changes.{number - 1}: {line.problem}")
    return line


def _dates(session: Session, course: Course, data: events.DatesData, by: Actor) -> Result:
    assignment = courses.lock_assignment(session, _assignment(session, course, data.assignment).id)
    given = data.model_fields_set - {"assignment"}
    if not given:
        raise InvalidMessage("data: give at least one of opens_at, due_at and closes_at.")
    now = dates_of(assignment)
    dates = DatesSpec(
        opens_at=data.opens_at if "opens_at" in given else now.opens_at,
        due_at=data.due_at if "due_at" in given else now.due_at,
        closes_at=data.closes_at if "closes_at" in given else now.closes_at,
    )
    changed = policies.set_policy(
        session,
        assignment_id=assignment.id,
        policy=policy_in_force(assignment, courses.current_version(session, assignment.id)),
        dates=dates,
        expected=assignment.policy_revision,
        by=by,
    )
    return {"assignment": assignment.slug, "grades_changed": changed.grades_changed}


def _extension(session: Session, course: Course, data: events.ExtensionData, by: Actor) -> Result:
    given = extensions.grant(
        session,
        assignment=_assignment(session, course, data.assignment),
        students=_students(session, course, data.students),
        allowance=Allowance(data.due_at, data.closes_at, data.extra_attempts),
        reason=data.reason,
        by=by,
    )
    return {"assignment": data.assignment, "students": len(given)}


def _revoke(session: Session, course: Course, data: events.RevokedData, by: Actor) -> Result:
    assignment = _assignment(session, course, data.assignment)
    students = _students(session, course, data.students)
    for student in sorted(students, key=lambda user: user.id):  # everybody locks in one order
        extensions.revoke(session, assignment=assignment, student=student, by=by)
    return {"assignment": data.assignment, "students": len(students)}


def _submission(session: Session, course: Course, data: events.SubmissionData, upload: Upload, by: Actor) -> Result:
    assignment = _assignment(session, course, data.assignment)
    [student] = _students(session, course, [data.student])
    accepted = submissions.accept(
        session, upload=upload, student=student, assignment=assignment, answers=data.answers, source=Source.WEBHOOK
    )
    made = accepted.submission
    return {"assignment": data.assignment, "submission_id": made.id, "number": made.number}


def _assignment(session: Session, course: Course, slug: str) -> Assignment:
    found = courses.assignment_in_course(session, course_id=course.id, slug=slug)
    if found is None:
        raise InvalidMessage(f"data.assignment: the course has no assignment {slug!r}.")
    return found


def _students(session: Session, course: Course, emails: Sequence[str]) -> list[User]:
    _require_once(emails)
    found = []
    for email in emails:
        enrolment = _enrolment(session, course, email)
        if enrolment is None:
            raise NotInCourse(email)
        found.append(enrolment.user)
    return found


def _enrolment(session: Session, course: Course, email: str) -> Enrolment | None:
    user = accounts.user_by_email(session, email)
    return None if user is None else courses.enrolment_of(session, user_id=user.id, course_id=course.id)


def _require_once(emails: Sequence[str]) -> None:
    seen: set[str] = set()
    for email in emails:
        if email in seen:
            raise InvalidMessage(f"{email[:80]} is in the message twice.")
        seen.add(email)
