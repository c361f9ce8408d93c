"""Values come back from both databases as they went in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from grader.db.models import AuditEntry, Run, RunCause, RunStatus, User
from grader.db.session import after_commit, unit_of_work
from grader.embedded_redis import EmbeddedRedis
from grader.wiring import Backend
from tests.support.world import World


def test_a_time_in_another_zone_comes_back_as_the_same_moment_in_utc(backend: Backend) -> None:
    moment = datetime(2026, 11, 21, 23, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-7)))
    with backend.writing() as session:
        session.add(User(id="u1", email="a@example.org", name="A", created_at=moment))
    with backend.reading() as session:
        found = session.get_one(User, "u1").created_at
    assert found == moment
    assert found.tzinfo is UTC or found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(backend: Backend) -> None:
    with pytest.raises(StatementError, match="without a time zone"), backend.writing() as session:
        session.add(User(email="a@example.org", name="A", created_at=datetime(2026, 11, 21)))


def test_text_that_postgresql_refuses_is_kept_readable(backend: Backend) -> None:
    nasty = "zero\x00 half \ud800 whole \U0001f600"
    with backend.writing() as session:
        session.add(AuditEntry(id="e1", actor=nasty, action="a", object_type="t", object_id="o", after={"k": [nasty]}))
    with backend.reading() as session:
        entry = session.get_one(AuditEntry, "e1")
    assert entry.actor == "zero\ufffd half ? whole \U0001f600"
    assert entry.after == {"k": [entry.actor]}


def test_a_broken_reference_is_refused(backend: Backend) -> None:
    with pytest.raises(IntegrityError), backend.writing() as session:
        session.add(AuditEntry(actor="x", actor_id="nobody", action="a", object_type="t", object_id="o"))


def test_a_submission_cannot_have_two_active_runs(world: World) -> None:
    accepted = world.submit()
    with pytest.raises(IntegrityError), world.backend.writing() as session:
        session.add(
            Run(
                submission_id=accepted.submission.id,
                version_id=accepted.run.version_id,
                number=2,
                cause=RunCause.RERUN,
                status=RunStatus.QUEUED,
                queue=accepted.run.queue,
                lease="x",
            )
        )


def test_sqlite_keeps_what_was_committed_and_waits_for_a_locked_database(
    make_database: Callable[[str], str], redis_server: EmbeddedRedis, connect: Callable[[str, str], Backend]
) -> None:
    backend = connect(make_database("sqlite"), redis_server.broker_url)
    with backend.reading() as session:
        pragmas = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        values = [session.execute(text(f"PRAGMA {pragma}")).scalar_one() for pragma in pragmas]
    assert values == ["wal", 1, 15_000, 2]  # 2: FULL


def test_a_hook_runs_after_the_commit_and_sees_it(backend: Backend) -> None:
    seen: list[str] = []

    def look() -> None:
        with backend.reading() as other:
            seen.append(other.get_one(User, "u1").name)

    with unit_of_work(backend.sessions) as session:
        session.add(User(id="u1", email="a@example.org", name="A"))
        after_commit(session, look)
        assert seen == []
    assert seen == ["A"]


def test_a_hook_does_not_run_after_a_rollback(backend: Backend) -> None:
    seen: list[str] = []

    def fail() -> None:
        with unit_of_work(backend.sessions) as session:
            session.add(User(id="u1", email="a@example.org", name="A"))
            after_commit(session, lambda: seen.append("ran"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    with backend.reading() as session:
        assert session.get(User, "u1") is None
    assert seen == []


def test_a_hook_that_fails_does_not_undo_or_hide_what_was_committed(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    with unit_of_work(backend.sessions) as session:
        session.add(User(id="u1", email="a@example.org", name="A"))
        after_commit(session, lambda: 1 / 0)
    with backend.reading() as session:
        assert session.get(User, "u1") is not None
    assert "a hook after a commit failed" in caplog.text
