"""What Moodle and Canvas do with a score: the rules that were measured or read, without the HTTP around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SUBMISSION = "https://canvas.instructure.com/lti/submission"


@dataclass
class Cell:
    score: float | None = None  # in points of the column
    tool_score: float | None = None  # what the tool sent last
    changed: datetime | None = None
    overridden: bool = False  # by a teacher
    comments: list[str] = field(default_factory=list)
    submissions: int = 0
    result_maximum: float | None = None


@dataclass
class Column:
    number: int
    body: dict[str, Any]
    cells: dict[str, Cell] = field(default_factory=dict)
    locked: bool = False

    @property
    def maximum(self) -> float:
        return float(self.body["scoreMaximum"])

    def cell(self, user: str) -> Cell:
        return self.cells.setdefault(user, Cell())


@dataclass
class Answered:
    status: int
    body: Any = None


@dataclass
class Gradebook:
    """The columns of one course. Subclasses know what becomes of a score."""

    students: set[str] = field(default_factory=set)
    columns: dict[int, Column] = field(default_factory=dict)
    made: int = 0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def add(self, **body: Any) -> Column:
        """Always a new one, also when there is one like it: neither platform notices."""
        self.made += 1
        self.columns[self.made] = Column(self.made, body)
        return self.columns[self.made]

    def override(self, number: int, user: str, score: float) -> None:
        cell = self.columns[number].cell(user)
        cell.score, cell.overridden, cell.changed = score, True, self.clock()

    def post(self, column: Column, score: dict[str, Any]) -> Answered:
        raise NotImplementedError

    def result(self, column: Column, user: str, cell: Cell) -> dict[str, Any] | None:
        raise NotImplementedError


class Moodle(Gradebook):
    """Moodle 4.5. Its results leave a grade of zero out, and it compares whole seconds."""

    def post(self, column: Column, score: dict[str, Any]) -> Answered:
        if not {"userId", "timestamp", "gradingProgress", "activityProgress"} <= score.keys():
            return Answered(400)
        if score["userId"] not in self.students:
            return Answered(400)
        stamp = datetime.fromisoformat(score["timestamp"]).replace(microsecond=0)
        cell = column.cell(score["userId"])
        if cell.changed is not None and cell.changed.replace(microsecond=0) >= stamp:
            return Answered(409)
        if column.locked:
            return Answered(500)
        given = score.get("scoreGiven")
        if score["gradingProgress"] != "FullyGraded" or given is None:
            cell.tool_score, stamp = None, self.clock()
        else:
            scaled = given / score.get("scoreMaximum", 1) * column.maximum
            cell.tool_score = min(scaled, column.maximum)
        if not cell.overridden:
            cell.score, cell.changed = cell.tool_score, stamp
        if score.get("comment"):
            cell.comments.append(score["comment"])
        return Answered(200)

    def result(self, column: Column, user: str, cell: Cell) -> dict[str, Any] | None:
        if cell.changed is None:
            return None
        shown: dict[str, Any] = {"id": f"results?user_id={user}", "userId": user}
        if cell.score:
            shown |= {"resultScore": cell.score, "resultMaximum": column.maximum}
            shown["timestamp"] = cell.changed.isoformat(timespec="seconds")
        return shown


class Canvas(Gradebook):
    """Canvas: an earlier timestamp is a 400 that says so, comments add up, and a submission may be noted."""

    attempts: int | None = None  # the most submissions

    def post(self, column: Column, score: dict[str, Any]) -> Answered:
        if score["userId"] not in self.students:
            return Answered(422, {"errors": {"message": "User not found in course or is not a student"}})
        stamp = datetime.fromisoformat(score["timestamp"])
        cell = column.cell(score["userId"])
        if cell.changed is not None and cell.changed > stamp:
            last = cell.changed.isoformat(timespec="milliseconds")
            said = f"Provided timestamp of {score['timestamp']} before last updated timestamp of {last}"
            return Answered(400, {"errors": {"message": said}})
        extension = score.get(SUBMISSION, {})
        at = extension.get("submitted_at")
        if at is not None and datetime.fromisoformat(at) > self.clock() + timedelta(minutes=1):
            return Answered(400, {"errors": {"message": f"Provided submitted_at timestamp of {at} in the future"}})
        if extension.get("new_submission", True):
            if self.attempts is not None and cell.submissions >= self.attempts:
                said = "The maximum number of allowed attempts has been reached for this submission"
                return Answered(422, {"errors": {"message": said}})
            cell.submissions += 1
        taken = score["gradingProgress"] in ("FullyGraded", "PendingManual") and score.get("scoreGiven") is not None
        kept = cell.overridden and extension.get("prioritize_non_tool_grade", False)
        if not kept:
            cell.score = score["scoreGiven"] * column.maximum / score["scoreMaximum"] if taken else None
            cell.result_maximum = score.get("scoreMaximum")
            cell.overridden = False
        cell.changed = stamp
        if score.get("comment"):
            cell.comments.append(score["comment"])
        return Answered(200, {"resultUrl": "https://canvas.example.org/result/1"})

    def result(self, column: Column, user: str, cell: Cell) -> dict[str, Any] | None:
        if cell.changed is None:
            return None
        maximum = cell.result_maximum or column.maximum
        score = None if cell.score is None else cell.score * maximum / column.maximum
        return {"id": f"results/{user}", "userId": user, "resultScore": score, "resultMaximum": maximum}
