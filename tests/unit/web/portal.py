"""A system that sends signed messages to a course, for the tests of incoming webhooks."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from grader.courses import queries as courses
from grader.db.models import (
    Assignment,
    AuditEntry,
    Enrolment,
    Extension,
    Grade,
    IncomingMessage,
    OutboxMessage,
    Role,
    Submission,
    User,
)
from grader.lms.incoming import senders
from grader.lms.webhooks import secrets
from grader.time import utc_now
from tests.unit.web.world import ADMIN, SLUG, World, notebook

PAGES = "/courses/dl-2026/incoming"
API = "/api/v1/courses/dl-2026/incoming"


@dataclass
class Portal:
    """A system that sends messages to the course, signed as it is told."""

    app: Flask
    world: World
    sender_id: str
    secret: str
    count: int = 0
    kept: list[TestResponse] = field(default_factory=list)

    def send(
        self,
        kind: str,
        data: object = None,
        *,
        message_id: str = "",
        late: timedelta = timedelta(),
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        self.count += 1
        text = json.dumps({"type": kind, "data": data or {}}) if body is None else body.decode("latin-1")
        signed = secrets.headers(message_id or f"msg_{self.count}", utc_now() - late, text, [self.secret])
        sent = {
            **signed,
            "Content-Type": "application/json",
            **{k.replace("_", "-"): v for k, v in (headers or {}).items()},
        }
        return self.app.test_client().post(f"/api/v1/hooks/{self.sender_id}", data=text.encode(), headers=sent)

    def result(self, kind: str, data: object) -> Any:
        answer = self.send(kind, data)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return answer.json["result"]

    def roster(self, *changes: dict[str, object]) -> Any:
        return self.result("roster.changed", {"changes": list(changes)})

    def log(self) -> list[IncomingMessage]:
        with self.world.backend.reading() as s:
            return list(s.scalars(select(IncomingMessage).order_by(IncomingMessage.id)))

    def audited(self) -> list[str]:
        with self.world.backend.reading() as s:
            query = select(AuditEntry.action).where(AuditEntry.object_id == self.sender_id).order_by(AuditEntry.id)
            return list(s.scalars(query))[1:]  # after "incoming.added"


def add_portal(app: Flask, world: World) -> Portal:
    with world.backend.writing() as s:
        made = senders.add(
            s, course_id=world.course.id, name="Records", sealer=world.backend.webhooks.sealer, by=ADMIN, now=utc_now()
        )
    return Portal(app, world, made.sender.id, made.secret)


def json_of(answer: TestResponse) -> Any:
    assert answer.json is not None
    return answer.json


def people(world: World) -> dict[str, tuple[str, Role, str]]:
    with world.backend.reading() as s:
        return {e.user.email: (e.user.name, e.role, e.section) for e in courses.people_of(s, world.course.id)}


def rows(world: World) -> dict[str, int]:
    """How much there is of what messages could change."""
    with world.backend.reading() as s:
        tables = (User, Enrolment, Submission, Extension, Grade, OutboxMessage)
        return {table.__tablename__: s.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def assignment(world: World) -> Assignment:
    with world.backend.reading() as s:
        return s.get_one(Assignment, world.assignment.id)


def hand_in(**changes: object) -> dict[str, object]:
    content = base64.b64encode(notebook("w = 1")).decode()
    return {"assignment": SLUG, "student": "sam@example.org", "notebook": content, **changes}
