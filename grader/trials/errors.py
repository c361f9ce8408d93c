from __future__ import annotations

from grader.errors import DomainError


class NothingToTry(DomainError):
    code = "nothing-to-try"

    def __init__(self) -> None:
        super().__init__("There is no graded submission that could be tried: none, or all are being graded just now.")


class TrialDecided(DomainError):
    code = "trial-decided"

    def __init__(self, status: str) -> None:
        super().__init__(f"This trial was already {status}. Start another one to compare anew.")


class TrialRunning(DomainError):
    code = "trial-running"

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} of the trial's submissions are still being graded. Wait until all are done.")
