"""The `grader` command as a whole: help, suggestions, exit codes, what it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import grader
from grader.cli.main import COMMANDS, cli, run

ROOT = Path(__file__).resolve().parents[3]


def imported_by(arguments: list[str]) -> set[str]:
    """The modules that are loaded after a command, in a fresh interpreter."""
    code = (
        "import json, sys\nfrom grader.cli.main import run\n"
        f"run({arguments!r})\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"  {name} " in told for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: grader " + name in capsys.readouterr().out


def test_a_misspelt_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad"]) == 2
    assert "Did you mean 'grade'?" in capsys.readouterr().err


def test_an_unexpected_error_is_one_sentence_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_PUBLIC_URL", "nonsense")
    monkeypatch.delenv("GRADER_DEBUG", raising=False)
    assert run(["migrate", "current"]) == 1
    told = capsys.readouterr().err
    assert "GRADER_PUBLIC_URL" in told
    assert "Traceback" not in told


def test_a_database_that_cannot_be_used_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "grader.db").write_text("This is no database, and long enough for SQLite to look at it. " * 20)
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    assert run(["user", "list"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: The database cannot be used: file is not a database\n")
    assert "grader doctor" in told


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_PUBLIC_URL", "nonsense")
    with pytest.raises(ValueError, match="GRADER_PUBLIC_URL"):
        run(["--debug", "migrate", "current"])


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["grader"] == grader.__version__
    assert f'version = "{grader.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_help_loads_nothing_heavy() -> None:
    heavy = {"numpy", "flask", "sqlalchemy", "celery", "rich", "pydantic", "httpx"}
    assert imported_by(["--help"]) & heavy == set()


def test_listing_assignments_loads_no_numbers_and_no_web() -> None:
    assert imported_by(["assignment", "list", "--json"]) & {"numpy", "flask", "sqlalchemy", "celery"} == set()


def test_the_group_is_named_as_it_is_called() -> None:
    assert cli.name == "cli"
    assert set(cli.list_commands(None)) == set(COMMANDS)  # type: ignore[arg-type]
