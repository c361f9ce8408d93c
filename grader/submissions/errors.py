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


class TooManyWaiting(DomainError):
    code = "too-many-waiting"
    retry_after_s = 60

    def __init__(self, waiting: int) -> None:
        super().__init__(
            f"{waiting} of your attempts in this course wait to be graded, which is as many as may. This one was not "
            "accepted, nothing was counted; hand it in once one of them is graded."
        )


class StorageUnavailable(DomainError):
    """Where notebooks are kept cannot take one now. Nothing was written to the database."""

    code = "storage-unavailable"
    retry_after_s = 60

    def __init__(self) -> None:
        super().__init__(
            "Your notebook could not be kept just now, through no fault of yours, and was not accepted. Nothing was "
            "counted; hand it in again in a few minutes."
        )


class NotebookMissing(DomainError):
    """The database names a file that the store does not have, or not whole."""

    code = "notebook-missing"

    def __init__(self) -> None:
        super().__init__(
            "The file of this attempt is missing or damaged where the service keeps it, through a fault of ours. "
            "Trying again does not help: tell the teaching staff, so that whoever runs the service brings it back from "
            "a backup."
        )


class NotSuperseded(DomainError):
    code = "not-superseded"

    def __init__(self) -> None:
        super().__init__("This attempt was not replaced by a newer one, so there is nothing to do; reload the page.")


class NotEnrolled(DomainError):
    code = "not-enrolled"

    def __init__(self) -> None:
        super().__init__("You are not in the course that gives this assignment.")
