from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager

from grader.db.models import Assignment, AssignmentVersion, Course, Enrolment, Role, User


def course_by_slug(session: Session, slug: str) -> Course | None:
    return session.scalar(select(Course).where(Course.slug == slug))


def all_courses(session: Session) -> list[Course]:
    return list(session.scalars(select(Course).order_by(Course.title, Course.id)))


def enrolment_of(session: Session, *, user_id: str, course_id: str) -> Enrolment | None:
    return session.scalar(select(Enrolment).where(Enrolment.user_id == user_id, Enrolment.course_id == course_id))


def role_of(session: Session, *, user_id: str, course_id: str) -> Role | None:
    """What the user is in the course; None when not enrolled."""
    query = select(Enrolment.role).where(Enrolment.user_id == user_id, Enrolment.course_id == course_id)
    return session.scalar(query)


def courses_of(session: Session, user_id: str) -> list[Enrolment]:
    """The user's enrolments with their courses, by title."""
    query = (
        select(Enrolment)
        .join(Enrolment.course)
        .where(Enrolment.user_id == user_id)
        .options(contains_eager(Enrolment.course))
        .order_by(Course.title, Course.id)
    )
    return list(session.scalars(query))


def people_of(session: Session, course_id: str) -> list[Enrolment]:
    """The course's enrolments with their users, by name."""
    query = (
        select(Enrolment)
        .join(Enrolment.user)
        .where(Enrolment.course_id == course_id)
        .options(contains_eager(Enrolment.user))
        .order_by(User.name, User.email)
    )
    return list(session.scalars(query))


def assignments_of(session: Session, course_id: str, *, published_only: bool) -> list[Assignment]:
    """The course's assignments, by due date (those without one last), then title."""
    query = (
        select(Assignment)
        .where(Assignment.course_id == course_id)
        .order_by(Assignment.due_at.is_(None), Assignment.due_at, Assignment.title)
    )
    if published_only:
        query = query.where(Assignment.published.is_(True))
    return list(session.scalars(query))


def assignment_by_slug(session: Session, *, slug: str, user_id: str) -> Assignment | None:
    """The assignment of this name in a course of the user's, with its course; the newest course wins."""
    query = (
        select(Assignment)
        .join(Assignment.course)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Assignment.slug == slug, Enrolment.user_id == user_id)
        .options(contains_eager(Assignment.course))
        .order_by(Course.created_at.desc(), Course.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def lock_assignment(session: Session, assignment_id: str) -> Assignment:
    """As it is now: who changes it next waits for this transaction."""
    query = select(Assignment).where(Assignment.id == assignment_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def assignment_in_course(session: Session, *, course_id: str, slug: str) -> Assignment | None:
    if "\x00" in slug:  # PostgreSQL refuses to be asked for it
        return None
    return session.scalar(select(Assignment).where(Assignment.course_id == course_id, Assignment.slug == slug))


def current_version(session: Session, assignment_id: str) -> AssignmentVersion | None:
    """The version in force: the newest."""
    query = (
        select(AssignmentVersion)
        .where(AssignmentVersion.assignment_id == assignment_id)
        .order_by(AssignmentVersion.number.desc())
        .limit(1)
    )
    return session.scalar(query)


def current_versions(session: Session, assignment_ids: Collection[str]) -> dict[str, AssignmentVersion]:
    """The versions in force of several assignments, by the assignments' ids."""
    newest = (
        select(AssignmentVersion.assignment_id, func.max(AssignmentVersion.number).label("number"))
        .where(AssignmentVersion.assignment_id.in_(assignment_ids))
        .group_by(AssignmentVersion.assignment_id)
        .subquery()
    )
    query = select(AssignmentVersion).join(
        newest,
        (AssignmentVersion.assignment_id == newest.c.assignment_id) & (AssignmentVersion.number == newest.c.number),
    )
    return {version.assignment_id: version for version in session.scalars(query)}
