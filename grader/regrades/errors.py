from __future__ import annotations

from grader.errors import DomainError


class NothingToRegrade(DomainError):
    code = "nothing-to-regrade"

    def __init__(self) -> None:
        super().__init__("This submission has no result for that check, so there is nothing to look at again.")


class AlreadyAsked(DomainError):
    code = "already-asked"

    def __init__(self) -> None:
        super().__init__("You have already asked about this check, and the answer is still to come.")


class RequestAnswered(DomainError):
    code = "request-answered"

    def __init__(self) -> None:
        super().__init__("No request is open here any more: it was answered or withdrawn. Load the page again.")


class TextNeeded(DomainError):
    code = "text-needed"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is missing: say in a sentence or two what it is about.")
