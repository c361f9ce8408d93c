from __future__ import annotations

from grader.errors import DomainError


class NoLeaderboard(DomainError):
    code = "no-leaderboard"

    def __init__(self) -> None:
        super().__init__("This assignment has no leaderboard, or its grades are not released yet.")


class NicknameRefused(DomainError):
    """`str(error)` says what is wrong with the name and what to do."""

    code = "nickname-refused"


class NicknameTaken(DomainError):
    code = "nickname-taken"

    def __init__(self, nickname: str) -> None:
        super().__init__(f"The name {nickname!r} is taken, or too much like one that is. Choose another.")
