from __future__ import annotations

from grader.errors import DomainError


class RosterRefused(DomainError):
    code = "roster-refused"


class LastInstructor(DomainError):
    code = "last-instructor"

    def __init__(self) -> None:
        super().__init__("A course keeps at least one instructor. Make somebody else an instructor first.")


class NotViewable(DomainError):
    code = "not-viewable"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name[:80]} is not a student of this course; it can only be seen as one of its students.")


class NotInCourse(DomainError):
    code = "not-in-course"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email[:80]} is not in this course.")
