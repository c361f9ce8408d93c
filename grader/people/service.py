from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.accounts import service as accounts
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses import service as enrolling
from grader.db.models import Course, Enrolment, Role, User
from grader.outbox import service as outbox
from grader.outbox.kinds import ROSTER_SYNCED
from grader.people.errors import LastInstructor, RosterRefused
from grader.people.roster import RosterLine
from grader.text import one_line


@dataclass(frozen=True)
class Step:
    """What importing one line would do."""

    line: RosterLine
    what: str  # "new account", "enrolled", "changed", "unchanged" or "skipped"
    detail: str = ""

    @property
    def acts(self) -> bool:
        return self.what not in ("unchanged", "skipped")


def preview(session: Session, *, course: Course, lines: Sequence[RosterLine]) -> list[Step]:
    """What `apply` would do. Nobody is ever taken out of a course, and nobody's role is lowered by a file."""
    users = _users(session, lines)
    enrolled = {enrolment.user_id: enrolment for enrolment in courses.people_of(session, course.id)}
    return [_step(line, users.get(line.email), enrolled) for line in lines]


def apply(session: Session, *, course: Course, lines: Sequence[RosterLine], by: Actor) -> int:
    """Raises RosterRefused when a line cannot be taken: a file is imported as a whole or not at all."""
    steps = preview(session, course=course, lines=lines)
    wrong = [step for step in steps if step.what == "skipped"]
    if wrong:
        raise RosterRefused(f"{len(wrong)} lines cannot be taken, the first is line {wrong[0].line.number}. Mend them.")
    users = _users(session, lines)
    done = 0
    for step in steps:
        if not step.acts:
            continue
        line = step.line
        user = users.get(line.email) or accounts.create_user(
            session, email=line.email, name=line.name or line.email, by=by
        )
        enrolment = courses.enrolment_of(session, user_id=user.id, course_id=course.id)
        role = line.role if enrolment is None else max(enrolment.role, line.role, key=list(Role).index)
        enrolment = enrolling.enrol(session, user=user, course=course, role=role, by=by)
        put_into_section(session, enrolment, line.section or enrolment.section, by)
        done += 1
    return done


def change(session: Session, *, course: Course, enrolment: Enrolment, role: Role, section: str, by: Actor) -> None:
    """Raises LastInstructor."""
    if role is not Role.INSTRUCTOR:
        _require_another_instructor(session, course, enrolment)
    enrolling.enrol(session, user=enrolment.user, course=course, role=role, by=by)
    put_into_section(session, enrolment, one_line(section)[:100], by)


def drop(session: Session, *, course: Course, enrolment: Enrolment, by: Actor) -> None:
    """Take a person out of the course. What was handed in and its grades stay, and are there again should the person
    come back. Raises LastInstructor."""
    _require_another_instructor(session, course, enrolment)
    before = {"user": enrolment.user.email, "course": course.slug, "role": enrolment.role.value}
    before["section"] = enrolment.section
    audit.record(session, by, "enrolment.dropped", "enrolment", enrolment.id, before=before)
    session.delete(enrolment)
    session.flush()


def tell_synced(session: Session, *, course: Course, source: str, changed: int, dropped: int = 0) -> None:
    """Owe the world outside the news that a file or another system (`source`) changed who is in the course."""
    if changed or dropped:
        payload = {"course_id": course.id, "course": course.slug, "source": source}
        outbox.add(session, ROSTER_SYNCED, course.id, {**payload, "changed": changed, "dropped": dropped})


def _require_another_instructor(session: Session, course: Course, enrolment: Enrolment) -> None:
    if enrolment.role is not Role.INSTRUCTOR:
        return
    people = courses.people_of(session, course.id)
    if not any(e.role is Role.INSTRUCTOR and e.id != enrolment.id for e in people):
        raise LastInstructor


def _users(session: Session, lines: Sequence[RosterLine]) -> dict[str, User]:
    emails = [line.email for line in lines]
    found: dict[str, User] = {}
    for start in range(0, len(emails), 500):
        for user in session.scalars(select(User).where(User.email.in_(emails[start : start + 500]))):
            found[user.email] = user
    return found


def _step(line: RosterLine, user: User | None, enrolled: dict[str, Enrolment]) -> Step:
    if line.problem:
        return Step(line, "skipped", line.problem)
    if user is None:
        return Step(line, "new account")
    enrolment = enrolled.get(user.id)
    if enrolment is None:
        return Step(line, "enrolled", f"has an account: {user.name}")
    changes = []
    if line.section and line.section != enrolment.section:
        changes.append(f"section {enrolment.section or 'none'} to {line.section}")
    if list(Role).index(line.role) > list(Role).index(enrolment.role):
        changes.append(f"role {enrolment.role.value} to {line.role.value}")
    return Step(line, "changed", ", ".join(changes)) if changes else Step(line, "unchanged")


def put_into_section(session: Session, enrolment: Enrolment, section: str, by: Actor) -> None:
    if enrolment.section == section:
        return
    before, enrolment.section = {"section": enrolment.section}, section
    audit.record(session, by, "enrolment.section-set", "enrolment", enrolment.id, before, {"section": section})
