"""Who serves refuses tables that are behind, and goes on beside those of a newer version."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from grader.cli.health.finding import NOTE
from grader.cli.health.services import database_findings
from grader.cli.main import run
from grader.db import migrate
from grader.db.revisions import TablesBehind, require_at_start
from grader.settings import Settings

RECORDER = ("-m", "grader.cli.main", "recorder")
WEB = ("-m", "gunicorn", "grader.web.wsgi:app", "--bind", "127.0.0.1:0", "--no-control-socket")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the first version, as the environment names it."""
    found = f"sqlite:///{tmp_path}/grader.db"
    migrate.upgrade(found, "0001")
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    monkeypatch.setenv("GRADER_DATABASE_URL", found)
    return found


def set_revision(url: str, revision: str) -> None:
    with migrate.connection_for(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})


@pytest.mark.parametrize("command", [RECORDER, WEB], ids=["recorder", "web"])
def test_who_serves_does_not_start_on_tables_that_are_behind(url: str, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", *command], env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode != 0
    assert "The database is at revision 0001" in done.stderr
    assert "Run `grader migrate upgrade` first." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_tables_of_a_newer_version_serve(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrate.upgrade(url)
    set_revision(url, "9999")
    require_at_start(url)
    assert database_findings(Settings.load())[0].status == NOTE
    assert run(["queue", "list"]) == 0  # commands go on too
    assert run(["migrate", "upgrade"]) == 0
    assert "which a newer version made" in capsys.readouterr().out
    assert migrate.current_revision(url) == "9999"


def test_no_tables_and_old_ones_are_told_apart(url: str, tmp_path: Path) -> None:
    with pytest.raises(TablesBehind, match="revision 0001"):
        require_at_start(url)
    with pytest.raises(TablesBehind, match="no tables yet"):
        require_at_start(f"sqlite:///{tmp_path}/empty.db")


def test_a_database_that_is_away_is_no_reason_to_refuse(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        require_at_start("postgresql://nobody@127.0.0.1:1/none")
    assert "were not looked at" in caplog.text
