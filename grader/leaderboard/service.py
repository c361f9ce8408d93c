"""The board itself, and going on and off it.

Nobody can use it to learn the withheld labels: it knows of a result only from the next midnight (UTC) on, shows it
rounded, and shows the best of all attempts, so that a day of trying gives one rounded number at most.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from assignments.metadata import LeaderboardSpec
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.errors import unique_or
from grader.db.models import Assignment, LeaderboardEntry, User
from grader.leaderboard import queries
from grader.leaderboard.errors import NicknameRefused, NicknameTaken, NoLeaderboard
from grader.leaderboard.names import cleaned, folded, require_nobodys

LEAST_FOR_DISTRIBUTION = 5  # fewer would show what single people have
BIN_STEPS = 4


@dataclass(frozen=True)
class Place:
    rank: int | None  # None: nothing measured yet
    entry: LeaderboardEntry
    shown: float | None


@dataclass(frozen=True)
class Bin:
    low: float
    high: float
    students: int


@dataclass(frozen=True)
class Board:
    spec: LeaderboardSpec
    as_of: datetime
    places: tuple[Place, ...]
    measured: int  # students of the course who have a result, on the board or not
    distribution: tuple[Bin, ...]  # empty where too few have a result


def spec_of(session: Session, assignment: Assignment) -> LeaderboardSpec | None:
    version = courses.current_version(session, assignment.id)
    return release_of(version).leaderboard if version is not None else None


def board(session: Session, assignment: Assignment, *, staff: bool, now: datetime) -> Board:
    """Raises NoLeaderboard; for students also while grades are hidden."""
    spec = spec_of(session, assignment)
    if spec is None or (assignment.grades_hidden and not staff):
        raise NoLeaderboard
    as_of = now.replace(hour=0, minute=0, second=0, microsecond=0)
    best = queries.best_measures(session, assignment, spec.check, as_of)
    shown = {student: rounded(value, spec.step) for student, value in best.items()}
    return Board(spec, as_of, _places(session, assignment, shown), len(shown), distribution(list(shown.values()), spec))


def rounded(value: float, step: float) -> float:
    return round(round(value / step) * step, 6)


def distribution(values: list[float], spec: LeaderboardSpec) -> tuple[Bin, ...]:
    if len(values) < LEAST_FOR_DISTRIBUTION:
        return ()
    width = spec.step * BIN_STEPS
    counts = Counter(int(value // width) for value in values)
    return tuple(Bin(i * width, (i + 1) * width, counts[i]) for i in range(min(counts), max(counts) + 1))


def join(session: Session, *, assignment: Assignment, student: User, nickname: str) -> LeaderboardEntry:
    """Go on the board, or change the name. Raises NoLeaderboard, NicknameRefused, NicknameTaken."""
    if spec_of(session, assignment) is None or assignment.grades_hidden:
        raise NoLeaderboard
    name = cleaned(nickname)
    others = [e.user for e in courses.people_of(session, assignment.course_id) if e.user_id != student.id]
    require_nobodys(name, ((user.name, user.email) for user in others))
    entry = queries.entry_of(session, assignment_id=assignment.id, student_id=student.id)
    before = {"nickname": entry.nickname} if entry is not None else None
    if entry is not None and entry.barred and folded(entry.nickname) == folded(name):
        raise NicknameRefused("The teaching staff took this name off the board. Choose another.")
    with unique_or(session, NicknameTaken(name)):
        if entry is None:
            entry = LeaderboardEntry(assignment_id=assignment.id, student_id=student.id)
            session.add(entry)
        entry.nickname, entry.folded, entry.barred = name, folded(name), False
    after = {"nickname": name}
    audit.record(session, Actor.of(student), "leaderboard.joined", "assignment", assignment.id, before, after)
    return entry


def leave(session: Session, *, assignment: Assignment, student: User) -> None:
    """A name that staff took away stays noted."""
    entry = queries.entry_of(session, assignment_id=assignment.id, student_id=student.id)
    if entry is not None and not entry.barred:
        before = {"nickname": entry.nickname}
        session.delete(entry)
        audit.record(session, Actor.of(student), "leaderboard.left", "assignment", assignment.id, before=before)


def take_name(session: Session, *, entry: LeaderboardEntry, by: User) -> None:
    """Take a name off the board; the student may choose another."""
    if not entry.barred:
        entry.barred = True
        before = {"nickname": entry.nickname, "student": entry.student_id}
        audit.record(session, Actor.of(by), "leaderboard.name-taken", "assignment", entry.assignment_id, before=before)


def _places(session: Session, assignment: Assignment, shown: dict[str, float]) -> tuple[Place, ...]:
    entries = [e for e in queries.entries(session, assignment.id) if not e.barred]
    values = sorted(shown[e.student_id] for e in entries if e.student_id in shown)
    places = [
        Place(values.index(shown[e.student_id]) + 1, e, shown[e.student_id])
        if e.student_id in shown
        else Place(None, e, None)
        for e in entries
    ]
    return tuple(sorted(places, key=lambda p: (p.rank is None, p.rank, p.entry.folded)))
