"""Groups as a CSV file: a line of titles, then one line for each student, with the columns email and group."""

from __future__ import annotations

from sqlalchemy.orm import Session

from grader.accounts import queries as accounts
from grader.db.models import User
from grader.groups.errors import InvalidGroup
from grader.people.roster import read_roster


def read_groups(session: Session, data: bytes) -> dict[str, list[User]]:
    """The groups that the file names, with their members; students without a group are passed over.

    Raises RosterRefused, InvalidGroup.
    """
    found: dict[str, list[User]] = {}
    for line in read_roster(data):
        if line.problem:
            raise InvalidGroup(f"Line {line.number}: {line.problem}")
        name = " ".join(line.section.split())
        if name:
            found.setdefault(name, []).append(student_named(session, line.email))
    if not found:
        raise InvalidGroup("The file names no group. It needs the columns email and group.")
    return found


def student_named(session: Session, email: str) -> User:
    """Raises InvalidGroup."""
    user = accounts.user_by_email(session, email) if email.isprintable() else None
    if user is None:
        raise InvalidGroup(f"There is no student with the address {email[:80]!r}.")
    return user
