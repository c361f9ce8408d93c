from __future__ import annotations

from grader.errors import DomainError


class UnknownWorker(DomainError):
    code = "unknown-worker"

    def __init__(self, node: str, known: list[str]) -> None:
        there = f"There are: {', '.join(known)}." if known else "None has been heard of."
        super().__init__(f"There is no worker {node!r}. {there}")
