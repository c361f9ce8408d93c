"""Versions of an assignment, and what differs between two of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from grader.db.models import AssignmentVersion

AROUND = 3  # lines shown before and after a change
MOST_LINES = 400  # of one file
MOST_VERSIONS = 1_000_000
SETTINGS = "What is asked, points, limits, rules"
_NOT_SHOWN = {"digest", "queue"}


@dataclass(frozen=True)
class Line:
    """`kind`: "added", "removed", "same", or "place" where lines were left out before it."""

    kind: str
    text: str


@dataclass(frozen=True)
class Changed:
    path: str
    what: str  # "added", "removed" or "changed"
    lines: tuple[Line, ...] = ()  # none where the file is no text
    more: bool = False  # more lines than are listed


def versions_of(session: Session, assignment_id: str) -> list[AssignmentVersion]:
    """The newest first."""
    query = select(AssignmentVersion).where(AssignmentVersion.assignment_id == assignment_id)
    return list(session.scalars(query.order_by(AssignmentVersion.number.desc())))


def version(session: Session, assignment_id: str, number: int) -> AssignmentVersion | None:
    """With its files."""
    if not 1 <= number <= MOST_VERSIONS:  # an address can name any number; databases refuse to be asked for some
        return None
    query = select(AssignmentVersion).where(
        AssignmentVersion.assignment_id == assignment_id, AssignmentVersion.number == number
    )
    return session.scalar(query.options(undefer(AssignmentVersion.files)))


def changes(old: AssignmentVersion, new: AssignmentVersion) -> list[Changed]:
    """What the service knows of each first, then file by file; no files where one version was kept without them."""
    found = []
    before, after = list(_settings(old.details)), list(_settings(new.details))
    if before != after:
        found.append(_changed(SETTINGS, before, after))
    if old.files is not None and new.files is not None:
        paths = sorted(old.files.keys() | new.files.keys())
        found += [c for path in paths if (c := _file(path, old.files.get(path), new.files.get(path))) is not None]
    return found


def _file(path: str, old: dict[str, str] | None, new: dict[str, str] | None) -> Changed | None:
    if old is not None and new is not None and old["sha256"] == new["sha256"]:
        return None
    if any(side is not None and "text" not in side for side in (old, new)):
        return Changed(path, _what(old, new))
    before, after = ((side or {}).get("text", "").splitlines() for side in (old, new))
    return _changed(path, before, after, _what(old, new))


def _what(old: object, new: object) -> str:
    return "added" if old is None else "removed" if new is None else "changed"


def _changed(path: str, before: Iterable[str], after: Iterable[str], what: str = "changed") -> Changed:
    lines = list(_lines(list(before), list(after)))
    return Changed(path, what, tuple(lines[:MOST_LINES]), len(lines) > MOST_LINES)


def _lines(before: list[str], after: list[str]) -> Iterator[Line]:
    kinds = {"+": "added", "-": "removed", " ": "same"}
    for line in list(difflib.unified_diff(before, after, lineterm="", n=AROUND))[2:]:
        yield Line("place", "…") if line.startswith("@@") else Line(kinds[line[0]], line[1:])


def _settings(value: Any, name: str = "") -> Iterator[str]:
    """Nested data as lines `name = value`; questions and fields are named by their keys."""
    if isinstance(value, dict):
        for key in sorted(value):
            if name or key not in _NOT_SHOWN:
                yield from _settings(value[key], f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value and all(isinstance(part, dict) and "key" in part for part in value):
        for part in value:
            yield from _settings({k: v for k, v in part.items() if k != "key"}, f"{name}.{part['key']}")
    elif value not in (None, "", [], {}):
        yield f"{name} = {value}"
