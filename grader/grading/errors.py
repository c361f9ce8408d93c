from __future__ import annotations

from grader.errors import DomainError


class NothingToRerun(DomainError):
    code = "nothing-to-rerun"

    def __init__(self) -> None:
        super().__init__("None of these submissions exists, so there is nothing to run again.")


class InQuarantine(DomainError):
    code = "in-quarantine"

    def __init__(self) -> None:
        super().__init__(
            "What you chose is in quarantine, so no worker is given it. Its own page says why; mend that, then "
            "release it there or with `grader runs release`."
        )


class ImpossibleStep(RuntimeError):
    """The state machine was asked for a step that it does not have: a mistake of ours, never of a user."""

    def __init__(self, kind: str, key: str, status: str, event: str) -> None:
        super().__init__(f"{kind} {key} is {status}; {event!r} cannot happen to it then")
