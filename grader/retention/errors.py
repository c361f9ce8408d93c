from __future__ import annotations

from datetime import datetime

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


class FileRemoved(DomainError):
    """What somebody wants to have, or have graded again, was removed by the rule for old files."""

    code = "file-removed"

    def __init__(self, what: str, removed_at: datetime, rule: str, then: str) -> None:
        super().__init__(
            f"{what} was removed on {removed_at.day} {removed_at:%B %Y}, {rule}. {then} Scores, comments and the "
            "receipt stay."
        )
