"""Handing a person all of their data, and forgetting them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, String, Table, Text, cast, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import AuditEntry, Base, Blob, Enrolment, Grade, OutboxMessage, Role, Run, Submission, User
from grader.retention import person
from grader.retention.errors import NotOnlyAStudent
from grader.storage import BlobMissing, BlobStore
from grader.time import utc_now

FORGOTTEN = "[removed]"
NAME = "Removed student"


@dataclass(frozen=True)
class Forgotten:
    user_id: str
    rows: int
    files: int  # that nobody else has, and that leave the store within two hours
    shared: int  # submissions that count for others of a group too, and stay without a name


def export(session: Session, blobs: BlobStore, user: User) -> bytes:
    """A zip with every row that is this person's, as JSON, and every file, handed in or executed."""
    rows = person.owned(session, user, everything=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        own = {"id": user.id, "email": user.email, "name": user.name, "active": user.active, "since": user.created_at}
        archive.writestr("account.json", _json(own))
        for name, lines in person.readable(session, rows):
            archive.writestr(f"{name}.json", _json(lines))
        for path, digest in _files(session, rows):
            try:
                archive.writestr(path, blobs.get(digest))
            except BlobMissing:
                archive.writestr(f"{path}.missing.txt", "This file was removed before, as the service's rule says.\n")
    return packed.getvalue()


def forget(session: Session, user: User, *, by: Actor, now: datetime | None = None) -> Forgotten:
    """Delete what is this person's and take the name from what is kept. Raises NotOnlyAStudent.

    Kept are enrolments and the numbers of grades, under an account without name and address that nobody can sign in
    to: figures of a course stay true, and what was sent to a gradebook can still be explained. What was handed in for
    a group stays while others of it need it.
    """
    roles = set(session.scalars(select(Enrolment.role).where(Enrolment.user_id == user.id)))
    if user.admin or roles - {Role.STUDENT}:
        raise NotOnlyAStudent(user.email)
    rows = person.owned(session, user, everything=False)
    digests = {digest for _, digest in _files(session, rows)}
    shared = [key[0] for key in person.owned(session, user, everything=True).get("submissions", set())
              if key not in rows.get("submissions", set())]  # fmt: skip
    email, name = user.email, user.name
    _forget_in_logs(session, person.ids(rows), shared)
    person.remove(session, rows)
    user.email, user.name = f"removed-{user.id}@removed.invalid", NAME
    user.password_hash, user.active = None, False
    session.execute(update(Grade).where(Grade.student_id == user.id).values(note=""))
    session.execute(update(Submission).where(Submission.id.in_(shared)).values(filename="removed.ipynb"))
    session.flush()
    _scrub(session, email, name)
    files = _release(session, digests, now or utc_now())
    after = {"rows": sum(map(len, rows.values())), "files": files, "shared": len(shared)}
    audit.record(session, by, "person.forgotten", "user", user.id, after=after)
    session.flush()
    return Forgotten(user.id, after["rows"], files, len(shared))


def _files(session: Session, rows: person.Rows) -> list[tuple[str, str]]:
    """(path in the zip, digest)."""
    submissions = [key[0] for key in rows.get("submissions", set())]
    runs = [key[0] for key in rows.get("runs", set())]
    found = []
    for some in _parts(submissions):
        handed_in = session.scalars(select(Submission).where(Submission.id.in_(some)))
        found += [(f"files/{one.assignment.slug}-{one.number}-{one.id}.ipynb", one.digest) for one in handed_in]
    for some in _parts(runs):
        for run in session.scalars(select(Run).where(Run.id.in_(some), Run.executed_digest.is_not(None))):
            assert run.executed_digest is not None
            found.append((f"files/executed-{run.submission_id}-{run.number}.ipynb", run.executed_digest))
    return sorted(found)


def _release(session: Session, digests: set[str], now: datetime) -> int:
    """Remove the files that nothing names any more; tells how many."""
    count = 0
    for digest in sorted(digests):
        named = session.scalar(select(Submission.id).where(Submission.digest == digest).limit(1))
        named = named or session.scalar(select(Run.id).where(Run.executed_digest == digest).limit(1))
        blob = session.get(Blob, digest)
        if named is None and blob is not None:
            blob.removed_at = blob.removed_at or now
            count += 1
    return count


def _forget_in_logs(session: Session, removed: set[str], shared: list[str]) -> None:
    """What was said of rows that go: the audit keeps that something was done and by whom, not with what."""
    for some in _parts([*removed, *shared]):
        entries = update(AuditEntry).where(AuditEntry.object_id.in_(some))
        session.execute(entries.values(before=None, after=None))
    for some in _parts([*removed]):
        session.execute(OutboxMessage.__table__.delete().where(OutboxMessage.subject_id.in_(some)))  # type: ignore[attr-defined]


# Where names are written down as text: logs of what was done and said. Elsewhere only the address is looked for.
_LOGS = {"audit_entries", "outbox", "webhook_deliveries", "webhook_attempts", "incoming_messages"}


def _scrub(session: Session, email: str, name: str) -> None:
    """Put `FORGOTTEN` for the address wherever it stands in the database, and for the name in logs."""
    whole = rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)"  # and not joann@… where ann@… is to be forgotten
    address = re.compile(whole, re.IGNORECASE)
    both = re.compile(rf"{whole}|\b{re.escape(name)}\b" if name else whole, re.IGNORECASE)
    for table in Base.metadata.sorted_tables:
        in_log = table.name in _LOGS
        texts = [column for column in table.columns if _holds_text(column)]
        wanted = [email, name] if in_log and name else [email]
        for word in wanted:
            _scrub_table(session, table, texts, word, both if in_log else address)


def _scrub_table(session: Session, table: Table, texts: list[Column[Any]], word: str, pattern: re.Pattern[str]) -> None:
    # JSON may be written with \\u… for what is not ASCII.
    spellings = {word, json.dumps(word)[1:-1]}
    hits = [cast(column, Text).icontains(spelling, autoescape=True) for column in texts for spelling in spellings]
    if not hits:
        return
    keys = list(table.primary_key)
    for row in session.execute(select(*keys, *texts).where(or_(*hits))).mappings().all():
        changed = {column.name: _without(row[column.name], pattern) for column in texts}
        changed = {column: value for column, value in changed.items() if value != row[column]}
        if changed:
            same = [key == row[key.name] for key in keys]
            session.execute(update(table).where(*same).values(changed))


def _holds_text(column: Column[Any]) -> bool:
    kind: Any = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(kind, String | Text | JSON) and not column.primary_key and not column.foreign_keys


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(FORGOTTEN, value)
    if isinstance(value, dict):
        return {_without(key, pattern): _without(inner, pattern) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, pattern) for inner in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)


def _parts(values: list[str]) -> list[list[str]]:
    return [values[start : start + person.CHUNK] for start in range(0, len(values), person.CHUNK)]
