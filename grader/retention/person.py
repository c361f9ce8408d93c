"""One person's data: found, handed out, and forgotten.

Which rows are a person's follows from the foreign keys, so a table that is added later is not overlooked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Table, delete, or_, select, update
from sqlalchemy.orm import Session

from grader.db.models import Base, Submission, SubmissionMember, User

Key = tuple[Any, ...]
Rows = dict[str, set[Key]]  # table: primary keys
CHUNK = 500

# Rows that are kept when a student is forgotten. They point to the account, which has no name any more:
# what the student was in which course and got for what, and what was done to the service.
KEPT = {("enrolments", "user_id"), ("grades", "student_id"), ("audit_entries", "actor_id")}
SECRET = {"password_hash", "token_hash", "answer"}  # columns that nobody is handed


def owned(session: Session, user: User, *, everything: bool) -> Rows:
    """The rows that are this person's: those that point to the account, and those that point to these in turn.

    With `everything`, as for handing out; otherwise as for forgetting: without `KEPT`, and without what was handed
    in for a group whose others still need it.
    """
    found: Rows = defaultdict(set)
    shared = set() if everything else _shared(session, user)
    for table, column in _pointing_to("users"):
        if not everything and (table.name, column.name) in KEPT:
            continue
        found[table.name] |= _keys(session, table, column, {(user.id,)})
    found["submissions"] -= shared
    waiting = [name for name, keys in found.items() if keys]
    while waiting:
        name = waiting.pop()
        for table, column in _pointing_to(name):
            if column.nullable and not column.primary_key:
                continue  # such a row can stand alone: it only loses what it pointed to
            new = _keys(session, table, column, found[name]) - found[table.name]
            if new:
                found[table.name] |= new
                waiting.append(table.name)
    return {name: keys for name, keys in found.items() if keys and name != "users"}


def remove(session: Session, rows: Rows) -> None:
    """Delete them all; others that pointed to them point nowhere."""
    for name, keys in rows.items():
        for table, column in _pointing_to(name):
            if column.nullable and not column.primary_key:
                for some in _chunks(keys):
                    session.execute(update(table).where(column.in_([key[0] for key in some])).values({column: None}))
    for table in reversed(Base.metadata.sorted_tables):
        for some in _chunks(rows.get(table.name, set())):
            session.execute(delete(table).where(_among(table, some)))


def readable(session: Session, rows: Rows) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What stands in them, table by table, without secrets."""
    for name, keys in sorted(rows.items()):
        table = Base.metadata.tables[name]
        lines = [
            {column: value for column, value in row.items() if column not in SECRET}
            for some in _chunks(keys)
            for row in session.execute(select(table).where(_among(table, some))).mappings()
        ]
        yield name, lines


def ids(rows: Rows) -> set[str]:
    return {str(key[0]) for keys in rows.values() for key in keys}


def _shared(session: Session, user: User) -> set[Key]:
    others = select(SubmissionMember.submission_id).where(SubmissionMember.student_id != user.id)
    own = select(Submission.id).where(Submission.student_id == user.id, Submission.id.in_(others))
    return {(found,) for found in session.scalars(own)}


def _pointing_to(name: str) -> list[tuple[Table, Column[Any]]]:
    return [
        (table, key.parent)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == name
    ]


def _keys(session: Session, table: Table, column: Column[Any], targets: Iterable[Key]) -> set[Key]:
    found: set[Key] = set()
    for some in _chunks(targets):
        query = select(*table.primary_key).where(column.in_([key[0] for key in some]))
        found |= {tuple(row) for row in session.execute(query)}
    return found


def _among(table: Table, keys: list[Key]) -> Any:
    columns = list(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return or_(*(_equal(columns, key) for key in keys))


def _equal(columns: list[Column[Any]], key: Key) -> Any:
    condition = columns[0] == key[0]
    for column, value in zip(columns[1:], key[1:], strict=True):
        condition = condition & (column == value)
    return condition


def _chunks(keys: Iterable[Key]) -> Iterator[list[Key]]:
    found = sorted(keys, key=str)
    for start in range(0, len(found), CHUNK):
        yield found[start : start + CHUNK]
