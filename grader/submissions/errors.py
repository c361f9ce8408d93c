from __future__ import annotations

from grader.errors import DomainError


class NotebookRefused(DomainError):
    """The file was not accepted; `detail_code` says which rule it broke, `reason` what to do about it."""

    code = "notebook-refused"

    def __init__(self, detail_code: str, reason: str) -> None:
        super().__init__(reason)
        self.detail_code = detail_code
        self.reason = reason


class AnswersRefused(DomainError):
    code = "answers-refused"

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"Answer {key[:60]!r}: {problem}")
        self.key = key


class AssignmentNotOpen(DomainError):
    code = "assignment-not-open"

    def __init__(self) -> None:
        super().__init__("This assignment is not open.")


class NotEnrolled(DomainError):
    code = "not-enrolled"

    def __init__(self) -> None:
        super().__init__("You are not in the course that gives this assignment.")
