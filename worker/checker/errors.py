"""What can go wrong with a checker."""

from __future__ import annotations

from worker.sandbox.errors import SandboxUnavailable


class ChecksUnusable(Exception):
    """The assignment's checks.py cannot be used at all; the text is for staff."""


class CheckBroken(Exception):
    """One check could not be carried out, through the assignment's own fault; the text is for staff."""


class CheckerLost(Exception):
    """A checker could not be had, or was lost, through a fault of ours."""


__all__ = ["CheckBroken", "CheckerLost", "ChecksUnusable", "SandboxUnavailable"]
