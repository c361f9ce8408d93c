"""What instructors do with senders: add, give a new secret, disable, enable, remove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.base import new_id
from grader.db.models import IncomingSender
from grader.lms.incoming import queries
from grader.lms.incoming.errors import InvalidSender, TooManySenders
from grader.lms.webhooks import secrets
from grader.lms.webhooks.rotation import renew
from grader.lms.webhooks.secrets import Sealer

MOST_SENDERS = 20  # enabled, in one course
MOST_NAME = 100
OBJECT = "incoming_sender"  # in the audit


@dataclass(frozen=True)
class Added:
    sender: IncomingSender
    secret: str  # shown once


def add(session: Session, *, course_id: str, name: str, sealer: Sealer, by: Actor, now: datetime) -> Added:
    """Raises InvalidSender, TooManySenders."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MOST_NAME:
        raise InvalidSender(f"Give the sender a name of at most {MOST_NAME} characters: the log shows it.")
    _require_room(session, course_id)
    secret = secrets.make()
    sender = IncomingSender(
        id=new_id(), course_id=course_id, name=name, secret=sealer.seal(secret), created_at=now
    )  # fmt: skip
    session.add(sender)
    session.flush()
    audit.record(session, by, "incoming.added", OBJECT, sender.id, after={"name": name, "course_id": course_id})
    return Added(sender, secret)


def rotate(session: Session, sender: IncomingSender, *, sealer: Sealer, overlap: bool, by: Actor, now: datetime) -> str:
    """A new secret; with `overlap` messages with the old one are taken for a day more. Raises RotationUnderWay."""
    secret = renew(sender, sealer=sealer, overlap=overlap, now=now)
    audit.record(session, by, "incoming.rotated", OBJECT, sender.id, after={"overlap": overlap})
    return secret


def set_enabled(session: Session, sender: IncomingSender, *, enabled: bool, by: Actor, now: datetime) -> None:
    """Raises TooManySenders."""
    if enabled is (sender.disabled_at is None):
        return
    if enabled:
        _require_room(session, sender.course_id)
    sender.disabled_at = None if enabled else now
    audit.record(session, by, "incoming.enabled" if enabled else "incoming.disabled", OBJECT, sender.id)


def remove(session: Session, sender: IncomingSender, *, by: Actor, now: datetime) -> None:
    """Nothing is taken from it any more, and nobody is shown it. What it sent, and what that changed, stays."""
    sender.removed_at = now
    audit.record(session, by, "incoming.removed", OBJECT, sender.id, before={"name": sender.name})


def _require_room(session: Session, course_id: str) -> None:
    if sum(s.disabled_at is None for s in queries.senders(session, course_id)) >= MOST_SENDERS:
        raise TooManySenders(MOST_SENDERS)
