"""Who may open which route: the one place where roles are checked.

Every view names its rule (`@access.allow(staff_of_assignment)`); a route without one stops the service from
starting. The rule runs before the view, loads what the address names, and leaves it in `granted()`. What a
person may not know of is "not found" for that person, whether it exists or not. `grader.web.enforcing` holds
every request to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.courses import queries as courses
from grader.db.models import Assignment, Course, Enrolment, Role, Submission, User
from grader.groups import queries as groups
from grader.people import viewing as looking
from grader.submissions import queries as submissions
from grader.time import utc_now
from grader.web.identity import Caller
from grader.web.problems import AmbiguousAssignment, NoAccess

View = TypeVar("View", bound=Callable[..., Any])
READ, SUBMIT = "read", "submit"


@dataclass(frozen=True)
class AssignmentScope:
    assignment: Assignment  # with .course
    course: Course
    role: Role


@dataclass(frozen=True)
class CourseScope:
    course: Course
    role: Role


@dataclass(frozen=True)
class SubmissionScope:
    submission: Submission  # as grader.submissions.queries.get loads it
    role: Role
    own: bool

    @property
    def staff(self) -> bool:
        return self.role.is_staff


Rule = Callable[[Session, Caller, dict[str, Any]], object]


@dataclass(frozen=True)
class Guard:
    rule: Rule | None  # None: anyone, signed in or not
    by_token: bool = False
    scope: str = READ


def allow(rule: Rule) -> Callable[[View], View]:
    """A page: needs a session, then `rule`."""
    return _guarded(Guard(rule))


def allow_token(rule: Rule, *, scope: str = READ) -> Callable[[View], View]:
    """An API route: needs a bearer token with `scope`, then `rule`."""
    return _guarded(Guard(rule, by_token=True, scope=scope))


def allow_anyone(view: View) -> View:
    return _guarded(Guard(None))(view)


def _guarded(guard: Guard) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.guard = guard  # type: ignore[attr-defined]
        return view

    return decorate


def guard_of(view: Callable[..., Any] | None) -> Guard | None:
    return getattr(view, "guard", None)


# --- rules ---------------------------------------------------------------------------------------------------


def signed_in(session: Session, caller: Caller, args: dict[str, Any]) -> None:
    """Any person with an account."""


def account_holder(session: Session, caller: Caller, args: dict[str, Any]) -> None:
    """What is about the account itself: never open to whoever only sees a course as this person."""


def administrator(session: Session, caller: Caller, args: dict[str, Any]) -> None:
    """Whoever runs the service, whatever this person is in courses."""
    if not caller.user.admin:
        raise NoAccess("Only administrators of the service can open this.")


def member_of_course(session: Session, caller: Caller, args: dict[str, Any]) -> CourseScope:
    """Enrolled in the course that the address names."""
    for enrolment in enrolments_of(session, caller):
        if enrolment.course.slug == args["course_slug"]:
            return CourseScope(enrolment.course, enrolment.role)
    raise NotFound("There is no such course, or you are not in it.")


def staff_of_course(session: Session, caller: Caller, args: dict[str, Any]) -> CourseScope:
    scope = member_of_course(session, caller, args)
    if not scope.role.is_staff:
        raise NoAccess("Only the teaching staff of the course can open this.")
    return scope


def instructor_of_course(session: Session, caller: Caller, args: dict[str, Any]) -> CourseScope:
    scope = member_of_course(session, caller, args)
    if scope.role is not Role.INSTRUCTOR:
        raise NoAccess("Only the instructors of the course can do this.")
    return scope


def student_of_course(session: Session, caller: Caller, args: dict[str, Any]) -> CourseScope:
    scope = member_of_course(session, caller, args)
    if scope.role.is_staff:
        raise NoAccess("Only the students of the course have this.")
    return scope


def viewer_of_course(session: Session, caller: Caller, args: dict[str, Any]) -> Course:
    """Who may see the course as one of its students."""
    if caller.user.admin:
        course = courses.course_by_slug(session, args["course_slug"])
        if course is None:
            raise NotFound("There is no such course.")
        return course
    course = staff_of_course(session, caller, args).course
    if not looking.may_view(session, viewer=caller.user, course=course):
        raise NoAccess("Teaching assistants of this course may not see it as a student. An instructor can allow it.")
    return course


def manager_of_webhooks(session: Session, caller: Caller, args: dict[str, Any]) -> CourseScope | None:
    """Instructors manage those of their course; administrators those of the whole service (no course is named)."""
    if args.get("course_slug") is not None:
        return instructor_of_course(session, caller, args)
    administrator(session, caller, args)
    return None


def member_of_assignment(session: Session, caller: Caller, args: dict[str, Any]) -> AssignmentScope:
    """Enrolled in the course of the assignment; students only where it is published and has opened."""
    wanted_course = args.get("course_slug") or request.args.get("course") or None
    found: list[AssignmentScope] = []
    for enrolment in enrolments_of(session, caller):
        if wanted_course in (None, enrolment.course.slug):
            visible = visible_assignments(session, enrolment.course, enrolment.role)
            named = (a for a in visible if a.slug == args["slug"])
            found += [AssignmentScope(a, enrolment.course, enrolment.role) for a in named]
    if not found:
        raise NotFound(f"There is no assignment {args['slug']!r} in your courses.")
    if len(found) > 1:
        raise AmbiguousAssignment(args["slug"], [scope.course.slug for scope in found])
    return found[0]


def staff_of_assignment(session: Session, caller: Caller, args: dict[str, Any]) -> AssignmentScope:
    scope = member_of_assignment(session, caller, args)
    if not scope.role.is_staff:
        raise NoAccess("Only the teaching staff of the course can open this.")
    return scope


def instructor_of_assignment(session: Session, caller: Caller, args: dict[str, Any]) -> AssignmentScope:
    scope = member_of_assignment(session, caller, args)
    if scope.role is not Role.INSTRUCTOR:
        raise NoAccess("Only the instructors of the course can do this.")
    return scope


def student_of_assignment(session: Session, caller: Caller, args: dict[str, Any]) -> AssignmentScope:
    scope = member_of_assignment(session, caller, args)
    if scope.role.is_staff:
        raise NoAccess("Only the students of the course can do this.")
    return scope


def reader_of_submission(session: Session, caller: Caller, args: dict[str, Any]) -> SubmissionScope:
    """The student who handed it in, the others of the group for whom it counts, or staff of its course."""
    submission = submissions.get(session, args["submission_id"])
    if submission is None:
        raise _no_submission()
    role = courses.role_of(session, user_id=caller.user.id, course_id=submission.assignment.course_id)
    own = submission.student_id == caller.user.id or groups.counts_also_for(session, submission.id, caller.user.id)
    elsewhere = caller.only_course not in (None, submission.assignment.course_id)
    if role is None or elsewhere or not (own or role.is_staff):
        raise _no_submission()
    return SubmissionScope(submission, role, own)


def author_of_submission(session: Session, caller: Caller, args: dict[str, Any]) -> SubmissionScope:
    """The student who handed it in, and nobody else."""
    scope = reader_of_submission(session, caller, args)
    if not scope.own:
        raise NoAccess("Only the student who handed it in can do this.")
    return scope


def staff_of_submission(session: Session, caller: Caller, args: dict[str, Any]) -> SubmissionScope:
    scope = reader_of_submission(session, caller, args)
    if not scope.staff:
        raise NoAccess("Only the teaching staff of the course can do this.")
    return scope


def enrolments_of(session: Session, caller: Caller) -> list[Enrolment]:
    """Where the caller is enrolled, as far as it counts for this request."""
    found = courses.courses_of(session, caller.user.id)
    return [enrolment for enrolment in found if caller.only_course in (None, enrolment.course_id)]


def visible_assignments(session: Session, course: Course, role: Role) -> list[Assignment]:
    """What someone with `role` sees of a course; students see nothing before it opens."""
    found = courses.assignments_of(session, course.id, published_only=not role.is_staff)
    now = utc_now()
    return [a for a in found if role.is_staff or a.opens_at is None or a.opens_at <= now]


def _no_submission() -> NotFound:
    return NotFound("There is no such submission, or it is not yours to see.")


# What opens for somebody who sees a course as its student: what students have, whatever else this one is elsewhere.
FOR_STUDENTS: frozenset[Rule] = frozenset(
    {
        signed_in,
        member_of_course,
        student_of_course,
        member_of_assignment,
        student_of_assignment,
        reader_of_submission,
        author_of_submission,
    }
)


def caller() -> Caller:
    """Who asks, behind a guarded route."""
    return cast(Caller, g.caller)


def caller_user() -> User:
    """The user behind a guarded route."""
    return caller().user


def granted_course() -> CourseScope:
    return cast(CourseScope, g.granted)


def granted_viewed_course() -> Course:
    return cast(Course, g.granted)


def granted_webhooks() -> CourseScope | None:
    return cast(CourseScope | None, g.granted)


def granted_assignment() -> AssignmentScope:
    return cast(AssignmentScope, g.granted)


def granted_submission() -> SubmissionScope:
    return cast(SubmissionScope, g.granted)
