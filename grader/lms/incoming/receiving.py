"""One message from its bytes to the answer: verified, read, carried out once and as a whole, and noted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.errors import unique_or
from grader.db.models import Course, IncomingMessage, IncomingSender
from grader.errors import DomainError
from grader.lms.incoming import events, queries, signature
from grader.lms.incoming.carrying_out import Work, carry_out
from grader.lms.incoming.errors import (
    InvalidMessage,
    MessageReused,
    MessageTooLarge,
    SenderDisabled,
    UnknownSender,
    UnreadableSender,
)
from grader.lms.incoming.senders import OBJECT
from grader.lms.webhooks.secrets import Sealer, UnreadableSecret
from grader.submissions.intake import Upload
from grader.time import utc_now

MOST_BODY_BYTES = 4 * 1024 * 1024
MOST_REFUSED = 500  # the newest of a sender's refused messages that are kept

Working = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Arrival:
    """A request as it came. `body` None: it was too long to be read."""

    sender_id: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes | None
    size_bytes: int

    @property
    def digest(self) -> str:
        return sha256(self.body or b"").hexdigest()

    @property
    def message_id(self) -> str:
        """As given, where it can be shown."""
        given = self.headers.get("webhook-id", "")
        return given if signature.ID.fullmatch(given) else ""


@dataclass(frozen=True)
class Reception:
    """`keep` checks and keeps a notebook; `fetch` gets one from an address; `status_of` knows HTTP."""

    reading: Working
    writing: Working
    sealer: Sealer
    keep: Callable[[bytes, str], Upload]
    fetch: Callable[[str], bytes]
    status_of: Callable[[DomainError], int]
    clock: Callable[[], datetime] = utc_now

    def take(self, arrival: Arrival) -> dict[str, Any]:
        """The answer; of a message that was carried out before, the first one. Raises DomainError."""
        with self.reading() as session:
            found = queries.sender_with_course(session, arrival.sender_id)
        if found is None:
            raise UnknownSender
        sender, course = found
        noted = _Noted(sender, arrival)
        try:
            return self._take(sender, course, arrival, noted)
        except DomainError as error:
            with self.writing() as session:
                noted.refusal(session, error, self.status_of(error))
            raise

    def _take(self, sender: IncomingSender, course: Course, arrival: Arrival, noted: _Noted) -> dict[str, Any]:
        if arrival.body is None:
            raise MessageTooLarge(MOST_BODY_BYTES)
        if sender.disabled_at is not None:
            raise SenderDisabled
        message_id = signature.verify(arrival.headers, arrival.body, self._keys(sender), self.clock())
        before = self._repeated(arrival, message_id)
        if before is not None:
            return before
        envelope = events.envelope_of(arrival.body)
        noted.event = envelope.type
        data = events.data_of(envelope)
        work = Work(data, self._upload(data))
        try:
            with self.writing() as session:
                row = noted.row(message_id, claim=message_id, status=200)
                # The claim comes first: of two that arrive together the other waits here, and finds it taken.
                with unique_or(session, _Taken()):
                    session.add(row)
                result = carry_out(session, course, work, Actor.system(f"incoming:{sender.name}"))
                row.answer = {"message_id": message_id, "type": envelope.type, "result": result}
                after = {"message_id": message_id, "type": envelope.type, **result}
                audit.record(session, Actor.system("incoming"), "incoming.taken", OBJECT, sender.id, after=after)
                return row.answer
        except _Taken:
            return self._repeated(arrival, message_id) or {}

    def _keys(self, sender: IncomingSender) -> list[str]:
        try:
            return [self.sealer.open(one) for one in sender.sealed_keys(self.clock())]
        except UnreadableSecret:
            raise UnreadableSender from None

    def _repeated(self, arrival: Arrival, message_id: str) -> dict[str, Any] | None:
        """The first answer to a message that was carried out. Raises MessageReused for another body."""
        with self.reading() as session:
            if queries.carried_out(session, arrival.sender_id, message_id) is None:
                return None
        with self.writing() as session:
            row = queries.carried_out(session, arrival.sender_id, message_id, lock=True)
            if row is None:
                return None
            if row.digest != arrival.digest:
                raise MessageReused
            row.repeats += 1
            return row.answer

    def _upload(self, data: events.AnyData) -> Upload | None:
        """The notebook that a message brings, checked and kept; outside any transaction."""
        if not isinstance(data, events.SubmissionData):
            return None
        if (data.notebook is None) is (data.notebook_url is None):
            raise InvalidMessage("data: give either notebook (base64) or notebook_url.")
        if data.notebook is None:
            return self.keep(self.fetch(data.notebook_url or ""), data.filename)
        try:
            content = base64.b64decode("".join(data.notebook.split()), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidMessage("data.notebook: this is not base64.") from None
        return self.keep(content, data.filename)


class _Taken(Exception):
    """Another request carried this message out at the same moment."""


@dataclass
class _Noted:
    """What the log says of a message."""

    sender: IncomingSender
    arrival: Arrival
    event: str = ""

    def row(self, message_id: str, *, claim: str | None, status: int) -> IncomingMessage:
        return IncomingMessage(
            sender_id=self.sender.id, message_id=message_id, claim=claim, event=self.event,
            digest=self.arrival.digest, size_bytes=self.arrival.size_bytes, status=status, answer={}, repeats=0,
        )  # fmt: skip

    def refusal(self, session: Session, error: DomainError, status: int) -> None:
        row = self.row(self.arrival.message_id, claim=None, status=status)
        row.answer = {"code": error.code, "detail": str(error)}
        session.add(row)
        session.flush()
        after = {"message_id": row.message_id, "type": self.event, "status": status, "code": error.code}
        audit.record(session, Actor.system("incoming"), "incoming.refused", OBJECT, self.sender.id, after=after)
        mine = (IncomingMessage.sender_id == self.sender.id, IncomingMessage.claim.is_(None))
        query = select(IncomingMessage.id).where(*mine).order_by(IncomingMessage.id.desc()).offset(MOST_REFUSED)
        oldest = session.scalar(query.limit(1))
        if oldest is not None:  # whoever floods us with forgeries fills no disk
            session.execute(delete(IncomingMessage).where(*mine, IncomingMessage.id <= oldest))
