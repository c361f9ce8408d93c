"""A gradebook file as it comes from Canvas, Moodle or us: which column is which assignment, which line whose."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.db.models import User
from grader.gradebook.cells import Column
from grader.lms.files.errors import GradeFileRefused
from grader.lms.files.writing import EXCUSED, POINTS_POSSIBLE
from grader.spreadsheets import NotASpreadsheet, plain, read_rows

MOST_BYTES = 900_000  # less than what a form may carry from one page to the next
MOST_LINES = 5_000
MOST_COLUMNS = 500
# How a file says who a line is about; the first that is there counts, and tells where the file comes from.
KEYS = {"sis login id": "Canvas", "email address": "Moodle", "e-mail": "this service", "email": "this service"}
NAMES = ("student", "name", "first name")
NOTHING = ("", "-", "–", "n/a", "no grade")
EXCUSES = (EXCUSED.lower(), "excused")
_MOODLE = re.compile(r"\A[\w ]+: *(?P<title>.+?) \((?P<kind>Real|Percentage|Letter|Feedback)\)\Z")
_NUMBERED = re.compile(r" *\([0-9.]+\)\Z")  # Canvas adds its id, we the most points
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+")  # 1,000: a thousand to some, one to others
_SLUG = re.compile(r"\[([a-z0-9-]+)\]\Z")


@dataclass(frozen=True)
class Line:
    number: int  # in the file, with the titles as line 1
    who: str  # as the file says it
    student: User | None
    texts: tuple[str, ...]  # of the columns that are assignments


@dataclass(frozen=True)
class GradeFile:
    origin: str  # "Canvas", "Moodle" or "this service"
    columns: tuple[Column, ...]  # the assignments that have a column here
    ignored: tuple[str, ...]  # titles of other columns
    lines: tuple[Line, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """What a cell says. Neither a score nor excused: nothing."""

    score: float | None = None
    excused: bool = False


def read_value(text: str) -> Value:
    """Raises ValueError for what is no grade."""
    text = plain(text.strip()).strip()
    if text.lower() in NOTHING:
        return Value()
    if text.lower() in EXCUSES:
        return Value(excused=True)
    score = float(text.replace(",", ".") if "." not in text else text)
    if not math.isfinite(score) or "_" in text or _THOUSANDS.fullmatch(text):
        raise ValueError(text)
    return Value(score)


def read_file(data: bytes, columns: Sequence[Column], students: Sequence[User]) -> GradeFile:
    """Raises GradeFileRefused where the file as a whole cannot be read."""
    rows = _rows(data)
    heads = [plain(title.strip()).strip() for title in rows[0]]
    lowered = [head.lower() for head in heads]
    key = next((key for key in KEYS if key in lowered), None)
    if key is None:
        raise GradeFileRefused(
            "No column says who the students are: Canvas has SIS Login ID, Moodle Email address, our own file E-mail."
        )
    at, problems = _places(heads, columns)
    if not at and not problems:
        raise GradeFileRefused(f"No column has the title of an assignment. The titles are: {', '.join(heads)[:300]}.")
    body, name_at = rows[1:], next((lowered.index(name) for name in NAMES if name in lowered), None)
    if body and _cell(body[0], name_at).startswith(POINTS_POSSIBLE.strip()):
        problems += _other_points(body[0], at, columns)
    lines = _lines(body, lowered.index(key), name_at, at, students)
    problems += _twice(lines)
    named = {lowered.index(key), name_at, *at.values()}
    ignored = tuple(head for n, head in enumerate(heads) if n not in named and head)
    return GradeFile(KEYS[key], tuple(columns[n] for n in at), ignored, tuple(lines), tuple(problems))


def _rows(data: bytes) -> list[list[str]]:
    if len(data) > MOST_BYTES:
        raise GradeFileRefused(f"The file is larger than {MOST_BYTES // 1000} kB; a gradebook is not that long.")
    try:
        rows = read_rows(data)
    except NotASpreadsheet as error:
        raise GradeFileRefused(str(error)) from None
    if len(rows) < 2:
        raise GradeFileRefused("The file has no line under its titles.")
    if len(rows) > MOST_LINES + 1 or len(rows[0]) > MOST_COLUMNS:
        raise GradeFileRefused(f"The file has more than {MOST_LINES} lines or {MOST_COLUMNS} columns.")
    return rows


def _places(heads: Sequence[str], columns: Sequence[Column]) -> tuple[dict[int, int], list[str]]:
    """Where each assignment's column is: place among `columns` to place in the file."""
    at: dict[int, int] = {}
    problems: list[str] = []
    for place, head in enumerate(heads):
        found = _assignments(head, columns)
        if len(found) > 1:
            problems.append(f"The title {head[:80]!r} is that of several assignments. Write the short name: [SLUG].")
        elif found and found[0] in at:
            problems.append(f"{columns[found[0]].title} has two columns: {heads[at[found[0]]][:80]!r}, {head[:80]!r}.")
        elif found:
            at[found[0]] = place
    return at, problems


def _assignments(head: str, columns: Sequence[Column]) -> list[int]:
    """Places of the assignments that a column's title can mean."""
    moodle = _MOODLE.fullmatch(head)
    if moodle is not None and moodle["kind"] != "Real":
        return []
    names = [head, _NUMBERED.sub("", head)] + ([moodle["title"]] if moodle is not None else [])
    for name in names:
        slug = _SLUG.search(name)
        wanted = slug[1] if slug is not None else _folded(name)
        if found := [n for n, c in enumerate(columns) if wanted in (c.slug, _folded(c.title))]:
            return found
    return []


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _other_points(row: Sequence[str], at: dict[int, int], columns: Sequence[Column]) -> list[str]:
    """Where the platform gives another number of points than we do, its scores mean something else."""
    wrong = []
    for n, place in at.items():
        try:
            points = read_value(_cell(row, place)).score
        except ValueError:
            continue  # "(read only)"
        if points is not None and abs(points - columns[n].max_score) > 0.005:
            wrong.append(f"{columns[n].title} has {points:g} points there and {columns[n].max_score:g} here.")
    return wrong


def _lines(
    rows: Sequence[Sequence[str]], key_at: int, name_at: int | None, at: dict[int, int], students: Sequence[User]
) -> list[Line]:
    by_email = {student.email.lower(): student for student in students}
    logins = Counter(email.partition("@")[0] for email in by_email)
    by_login = {e.partition("@")[0]: s for e, s in by_email.items() if logins[e.partition("@")[0]] == 1}
    lines = []
    for number, row in enumerate(rows, start=2):
        who, name = plain(_cell(row, key_at)), _cell(row, name_at)
        if name.startswith(POINTS_POSSIBLE.strip()) or name in ("Student, Test", "Test Student") or not (who or name):
            continue
        student = by_email.get(who.lower()) or by_login.get(who.lower())
        lines.append(Line(number, who or name, student, tuple(_cell(row, place) for place in at.values())))
    return lines


def _twice(lines: Sequence[Line]) -> list[str]:
    counts = Counter(line.student.email for line in lines if line.student is not None)
    return [f"{email} is in the file twice." for email, count in counts.items() if count > 1]


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""
