"""What the pages of similar submissions show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import SimilarPair, Submission, User
from grader.similarity.fingerprints import Prints, matching_lines
from grader.similarity.reading import Given
from grader.similarity.tokens import Cell
from grader.storage import BlobMissing, BlobStore

ELSEWHERE = "a submission of another course"


@dataclass(frozen=True)
class Line:
    text: str
    matches: bool


@dataclass(frozen=True)
class ShownCell:
    number: int  # among the code cells, from 1
    lines: tuple[Line, ...]

    @property
    def matches(self) -> bool:
        return any(line.matches for line in self.lines)


@dataclass(frozen=True)
class Side:
    """One half of a pair. `readable` is False where it is of a course whose staff the viewer is not."""

    submission: Submission
    readable: bool
    cells: tuple[ShownCell, ...] = ()
    missing: bool = False  # the file is not in the store any more

    @property
    def name(self) -> str:
        student = self.submission.student
        return (student.name or student.email) if self.readable else ELSEWHERE


@dataclass(frozen=True)
class PairRow:
    pair: SimilarPair
    first: Side
    second: Side

    @property
    def percent(self) -> int:
        return round(100 * self.pair.score)


def rows(session: Session, pairs: list[SimilarPair], viewer: User) -> list[PairRow]:
    may: dict[str, bool] = {}
    return [
        PairRow(pair, *(Side(s, _readable(session, s, viewer, may)) for s in (pair.first, pair.second)))
        for pair in pairs
    ]


def side_by_side(session: Session, pair: SimilarPair, viewer: User, blobs: BlobStore, packages: Path) -> PairRow:
    given = Given.of(packages, pair.first.assignment.slug)
    [row] = rows(session, [pair], viewer)
    read = [_read(side, blobs, given) for side in (row.first, row.second)]
    (first_cells, first), (second_cells, second) = read
    return PairRow(pair, _side(row.first, first_cells, first, second), _side(row.second, second_cells, second, first))


def _read(side: Side, blobs: BlobStore, given: Given) -> tuple[list[Cell], Prints]:
    try:
        return given.read(blobs.get(side.submission.digest))
    except BlobMissing:
        return [], Prints({})


def _side(side: Side, cells: list[Cell], own: Prints, other: Prints) -> Side:
    if not side.readable:
        return side
    marked = matching_lines(own, other)
    shown = tuple(
        ShownCell(
            number + 1,
            tuple(Line(text, i in marked.get(number, ())) for i, text in enumerate(cell.source.split("\n"))),
        )
        for number, cell in enumerate(cells)
        if cell.tokens  # what is the starter's alone says nothing
    )
    return Side(side.submission, True, shown, missing=not cells)


def _readable(session: Session, submission: Submission, viewer: User, may: dict[str, bool]) -> bool:
    course_id = submission.assignment.course_id
    if course_id not in may:
        role = courses.role_of(session, user_id=viewer.id, course_id=course_id)
        may[course_id] = role is not None and role.is_staff
    return may[course_id]
