from __future__ import annotations

from grader.errors import DomainError


class UnknownRun(DomainError):
    code = "unknown-run"

    def __init__(self, given: str) -> None:
        super().__init__(f"There is no run and no submission {given!r}; `grader runs list` shows their ids.")


class NotInQuarantine(DomainError):
    code = "not-in-quarantine"

    def __init__(self) -> None:
        super().__init__("It is not in quarantine. To grade it again, retry it.")
