"""What a platform's roles are here: the one place where that is decided."""

from __future__ import annotations

from collections.abc import Iterable

from grader.db.models import Role

_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_ASSISTANT = f"{_MEMBERSHIP}/Instructor#TeachingAssistant"
_ROLES = {
    f"{_MEMBERSHIP}#Instructor": Role.INSTRUCTOR,
    f"{_MEMBERSHIP}#Administrator": Role.INSTRUCTOR,
    f"{_MEMBERSHIP}#Learner": Role.STUDENT,
    _ASSISTANT: Role.TA,
    # Names and roles may answer with the short names that the specification allows for these.
    "Instructor": Role.INSTRUCTOR,
    "Administrator": Role.INSTRUCTOR,
    "Learner": Role.STUDENT,
    "TeachingAssistant": Role.TA,
}


def course_role(roles: Iterable[str]) -> Role | None:
    """The highest that one is in the course, or None: institution and system roles say nothing of a course.

    Platforms send `Instructor` along with the sub-role `Instructor#TeachingAssistant`, which then decides.
    """
    given = set(roles)
    found = {_ROLES[role] for role in given if role in _ROLES}
    if _ASSISTANT in given or "TeachingAssistant" in given:
        found -= {Role.INSTRUCTOR} if f"{_MEMBERSHIP}#Administrator" not in given else set()
    return max(found, key=list(Role).index) if found else None
