from __future__ import annotations

from grader.errors import DomainError


class NoGroupsHere(DomainError):
    code = "no-groups-here"

    def __init__(self) -> None:
        super().__init__("Everybody works alone in this assignment.")


class InvalidGroup(DomainError):
    code = "invalid-group"


class GroupFixed(DomainError):
    """The student may not change the group (any more)."""

    code = "group-fixed"
