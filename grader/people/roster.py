"""A roster as it comes: a CSV file of any spreadsheet or learning platform, with a line of titles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from grader.db.models import Role
from grader.people.errors import RosterRefused
from grader.spreadsheets import NotASpreadsheet, read_rows

MOST_LINES = 5_000
MOST_BYTES = 2 * 1024 * 1024
COLUMNS = {
    "email": ("email", "e-mail", "e-mail address", "email address", "sis login id", "login id"),
    "name": ("name", "full name", "student", "student name", "display name"),
    "section": ("section", "sections", "group", "groups", "tutorial"),
    "role": ("role", "roles"),
}
ROLES = {
    "": Role.STUDENT,
    "student": Role.STUDENT,
    "learner": Role.STUDENT,
    "ta": Role.TA,
    "assistant": Role.TA,
    "teaching assistant": Role.TA,
    "instructor": Role.INSTRUCTOR,
    "teacher": Role.INSTRUCTOR,
}


@dataclass(frozen=True)
class RosterLine:
    number: int  # in the file, with the titles as line 1
    email: str
    name: str
    section: str
    role: Role
    problem: str = ""  # why this line cannot be taken


def read_roster(data: bytes) -> list[RosterLine]:
    """Raises RosterRefused where the file as a whole cannot be read; single lines carry their problem."""
    if len(data) > MOST_BYTES:
        raise RosterRefused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; a roster is not that long.")
    try:
        rows = read_rows(data)
    except NotASpreadsheet as error:
        raise RosterRefused(str(error)) from None
    if len(rows) < 2:
        raise RosterRefused(
            "The file has no line under its titles. The first line names the columns, such as email,name."
        )
    if len(rows) > MOST_LINES + 1:
        raise RosterRefused(f"The file has {len(rows) - 1} lines; at most {MOST_LINES} are read at once.")
    places = _places(rows[0])
    seen: set[str] = set()
    lines = []
    for number, row in enumerate(rows[1:], start=2):
        line = read_line(number, {key: row[at].strip() if at < len(row) else "" for key, at in places.items()}, seen)
        seen.add(line.email)
        lines.append(line)
    return lines


def _places(titles: list[str]) -> dict[str, int]:
    found = {}
    lowered = [title.strip().lower() for title in titles]
    for key, names in COLUMNS.items():
        at = next((lowered.index(name) for name in names if name in lowered), None)
        if at is not None:
            found[key] = at
    if "email" not in found:
        raise RosterRefused(f"No column is named email. The titles are: {', '.join(titles)[:200]}.")
    return found


def read_line(number: int, cells: Mapping[str, str], seen: Collection[str] = ()) -> RosterLine:
    """One person from texts by the keys of COLUMNS; `seen` are the addresses before it."""
    email, problem = cells["email"].lower(), ""
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        problem = f"{cells['email'][:80]!r} is no e-mail address."
    role = ROLES.get(cells.get("role", "").lower())
    if role is None:
        problem = problem or f"The role {cells['role'][:40]!r} is unknown: student, ta or instructor."
    if email in seen:
        problem = problem or f"{email} is in the file twice."
    return RosterLine(
        number, email, cells.get("name", "")[:200], cells.get("section", "")[:100], role or Role.STUDENT, problem
    )
