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


class AlreadyInCourse(DomainError):
    code = "already-in-course"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email[:80]} is in this course already; change the role or section in the list.")


class InvitationOver(DomainError):
    code = "invitation-over"

    def __init__(self) -> None:
        super().__init__("This invitation was used, taken back or is too old. Ask your instructor for a new one.")


class OtherAccount(DomainError):
    code = "other-account"

    def __init__(self, email: str) -> None:
        super().__init__(f"This invitation is for {email[:80]}. Sign in with that account to accept it.")
