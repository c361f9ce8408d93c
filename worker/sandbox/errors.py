"""What can be wrong with the sandbox, in words for whoever runs the worker."""

from __future__ import annotations


class SandboxUnavailable(Exception):
    """No sandbox can be had on this machine: nothing is graded. `fix` says what to do about it."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason} {fix}".strip())
        self.reason = reason
        self.fix = fix


class KernelStartError(Exception):
    """The sandbox is there, but the kernel in it did not start: ours, never the student's."""
