"""Naming an assignment and typed answers on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest

from grader.cli.main import run
from grader.cli.packages import package_folder, parse_answers, slugs

ROOT = Path(__file__).resolve().parents[3]


def test_an_unknown_slug_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assignment", "show", "coursework-4-hypersphere"]) == 2
    assert "Did you mean 'coursework-4-hyperspheres'?" in capsys.readouterr().err


def test_a_slug_never_leaves_the_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "assignment.toml").touch()
    with pytest.raises(click.UsageError, match="no assignment"):
        package_folder("..", tmp_path / "inner")


def test_only_folders_with_metadata_are_assignments(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "assignment.toml").touch()
    assert slugs(tmp_path) == ["two"]


def test_answers_are_split_at_the_first_sign() -> None:
    assert parse_answers(["a=1.2", "b = x=y "], ["a", "b"]) == {"a": "1.2", "b": "x=y"}


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["a"], "not of the form"),
        (["=1"], "not of the form"),
        (["a=1", "a=2"], "given twice"),
        (["aa=1"], "Did you mean 'a'"),
    ],
)
def test_answers_that_cannot_be_meant_are_refused(pairs: list[str], words: str) -> None:
    with pytest.raises(click.UsageError, match=words):
        parse_answers(pairs, ["a"])


def test_an_assignment_without_answer_fields_says_so() -> None:
    with pytest.raises(click.UsageError, match="has no answer fields"):
        parse_answers(["a=1"], [])


def test_assignments_are_listed_as_json_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "assignments" / "loss-1-regression", tmp_path / "loss-1-regression")
    monkeypatch.setenv("GRADER_ASSIGNMENTS_DIR", str(tmp_path))
    assert run(["assignment", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["slug"], row["max_score"]) for row in rows] == [("loss-1-regression", 100)]


def test_one_broken_assignment_is_named_and_the_others_are_listed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "assignments" / "loss-1-regression", tmp_path / "loss-1-regression")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "assignment.toml").write_text("title = 3")
    monkeypatch.setenv("GRADER_ASSIGNMENTS_DIR", str(tmp_path))
    assert run(["assignment", "list"]) == 1
    told = capsys.readouterr()
    assert "loss-1-regression" in told.out
    assert "broken/assignment.toml" in told.err


def test_an_assignment_is_shown_with_its_checks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assignment", "show", "coursework-4-hyperspheres", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert sum(check["points"] for check in shown["checks"]) == shown["max_score"]
    assert {answer["key"] for answer in shown["answers"]} == {"ratio_1000d", "volume_10d", "outer_1_percent_300d"}
