from __future__ import annotations

from grader.errors import DomainError


class InvalidRetention(DomainError):
    code = "invalid-retention"

    def __init__(self) -> None:
        super().__init__("Files are kept for 1 to 1200 months, or for ever: leave the field empty.")


class NotOnlyAStudent(DomainError):
    code = "not-only-a-student"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} teaches a course or runs the service: marks and decisions would lose their author. "
            "Disable the account instead, or take these roles away first."
        )
