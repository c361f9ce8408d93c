"""Changing an assignment's rules and dates, and the late tokens of a course."""

from __future__ import annotations

import dataclasses

from pydantic import ValidationError
from sqlalchemy.orm import Session

from assignments.policy import DatesSpec, PolicySpec
from assignments.policy_schema import PolicyModel
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses import service as course_service
from grader.db.models import Assignment, Course
from grader.gradebook.errors import EditConflict, InvalidPolicy
from grader.grading import grades
from grader.policies.queries import dates_of, policy_in_force

MOST_TOKENS = 100


@dataclasses.dataclass(frozen=True)
class PolicyChange:
    assignment: Assignment
    grades_changed: int


def set_policy(
    session: Session, *, assignment_id: str, policy: PolicySpec, dates: DatesSpec, expected: int, by: Actor
) -> PolicyChange:
    """Set rules and dates, and bring all grades up to them.

    `expected` is the revision that the person saw. Raises InvalidPolicy, InvalidDates, EditConflict.
    """
    policy = checked(policy)
    assignment = courses.lock_assignment(session, assignment_id)
    before = policy_in_force(assignment, courses.current_version(session, assignment.id))
    was = described(before, dates_of(assignment))
    wanted = described(policy, dates)
    if assignment.policy_revision != expected:
        theirs, yours = differences(was, wanted)
        raise EditConflict("The policy of this assignment", theirs, yours, assignment.policy_revision)
    if was == wanted:
        return PolicyChange(assignment, 0)
    course_service.set_dates(assignment, dates)
    if policy != before:
        assignment.policy = dataclasses.asdict(policy)
    assignment.policy_revision += 1
    session.flush()
    audit.record(session, by, "policy.changed", "assignment", assignment.id, before=was, after=wanted)
    return PolicyChange(assignment, grades.refresh_all(session, assignment, by))


def set_late_tokens(session: Session, *, course_id: str, tokens: int, by: Actor) -> None:
    """How many late tokens each student of the course has. Raises InvalidPolicy."""
    if not 0 <= tokens <= MOST_TOKENS:
        raise InvalidPolicy("course_late_tokens", f"must be between 0 and {MOST_TOKENS}.")
    course = session.get_one(Course, course_id)
    if course.late_tokens == tokens:
        return
    before = {"late_tokens": course.late_tokens}
    course.late_tokens = tokens
    audit.record(session, by, "course.late-tokens", "course", course.id, before=before, after={"late_tokens": tokens})


def checked(policy: PolicySpec) -> PolicySpec:
    """Raises InvalidPolicy."""
    try:
        return PolicyModel(**dataclasses.asdict(policy)).spec()
    except ValidationError as error:
        first = error.errors()[0]
        message = str(first["msg"]).removeprefix("Input should be ")
        raise InvalidPolicy(".".join(map(str, first["loc"])), f"must be {message}.") from None


def described(policy: PolicySpec, dates: DatesSpec) -> dict[str, object]:
    """Rules and dates as plain values."""
    moments = {key: when.isoformat() if when else None for key, when in dataclasses.asdict(dates).items()}
    return {**dataclasses.asdict(policy), **moments}


def differences(theirs: dict[str, object], yours: dict[str, object]) -> tuple[str, str]:
    """The values that differ, on each side, as text."""
    keys = [key for key in theirs if theirs[key] != yours[key]]
    sides = [", ".join(f"{key} = {shown(side[key])}" for key in keys) for side in (theirs, yours)]
    return sides[0] or "the same", sides[1] or "the same"


def shown(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
