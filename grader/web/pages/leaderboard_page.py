"""What the page of a leaderboard shows."""

from __future__ import annotations

from dataclasses import dataclass

from grader.db.models import LeaderboardEntry, User
from grader.leaderboard.service import Board, Place
from grader.web.charts import Bars, Series, bars
from grader.web.tables import Column, Row, Table

DISTRIBUTION = "distribution"


@dataclass(frozen=True)
class LeaderboardPage:
    board: Board
    own: LeaderboardEntry | None
    staff: bool

    @property
    def plot(self) -> Bars | None:
        return distribution_plot(self.board) if self.board.distribution else None

    @property
    def joined(self) -> bool:
        return self.own is not None and not self.own.barred

    def is_own(self, place: Place) -> bool:
        return self.own is not None and place.entry.id == self.own.id

    def name_of(self, place: Place) -> str:
        student: User = place.entry.student
        return student.name or student.email


def distribution_plot(board: Board) -> Bars:
    names = [f"{b.low:g} to {b.high:g} {board.spec.unit}".strip() for b in board.distribution]
    rows = tuple(Row((name, b.students)) for name, b in zip(names, board.distribution, strict=True))
    table = Table(DISTRIBUTION, "The course", (Column(board.spec.title), Column("Students", "count")), rows)
    values = tuple(float(b.students) for b in board.distribution)
    return bars("The course", names, [Series("Students", "info", values)], table)
