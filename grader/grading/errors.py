from __future__ import annotations

from grader.errors import DomainError


class NothingToRerun(DomainError):
    code = "nothing-to-rerun"

    def __init__(self) -> None:
        super().__init__("None of these submissions exists, so there is nothing to run again.")
