from __future__ import annotations

from grader.errors import DomainError


class EditConflict(DomainError):
    """Somebody else changed the same thing since it was opened. Nothing was changed; both values are told."""

    code = "edit-conflict"

    def __init__(self, what: str, theirs: str, yours: str, revision: int) -> None:
        super().__init__(
            f"{what} was changed by somebody else while you had it open, so nothing was saved. "
            f"Now it is: {theirs}. You wanted: {yours}. Look at both and save again if yours is to hold."
        )
        self.theirs = theirs
        self.yours = yours
        self.revision = revision


class InvalidGrade(DomainError):
    code = "invalid-grade"


class InvalidPolicy(DomainError):
    """A rule that cannot hold; `field` names it."""

    code = "invalid-policy"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class InvalidTotal(DomainError):
    """A rule of the course total that cannot hold; `field` names it."""

    code = "invalid-total"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class InvalidExtension(DomainError):
    code = "invalid-extension"


class NoTokens(DomainError):
    code = "no-late-tokens"

    def __init__(self) -> None:
        super().__init__("You have no late token left for this assignment.")


class NotYours(DomainError):
    code = "not-choosable"

    def __init__(self) -> None:
        super().__init__("Only a graded attempt of your own can be chosen, where the rules let you choose.")


class NotAStudent(DomainError):
    code = "not-a-student"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} is not a student of this course.")
