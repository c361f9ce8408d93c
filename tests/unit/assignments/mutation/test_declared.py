"""`mutants.toml`: reasons are required, and entries that name nothing are an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from assignments.errors import PackageError
from assignments.mutation.declared import declared_equivalent, no_longer_there

ENTRY = '[[equivalent]]\nids = ["{}"]\nreason = "any width will do here"\n'


def written(folder: Path, text: str) -> Path:
    (folder / "mutants.toml").write_text(text)
    return folder


def test_without_the_file_nothing_is_declared(tmp_path: Path) -> None:
    assert declared_equivalent(tmp_path) == {}
    assert no_longer_there(tmp_path, set()) == []


def test_reasons_are_read(tmp_path: Path) -> None:
    assert declared_equivalent(written(tmp_path, ENTRY.format("f:sign:1"))) == {"f:sign:1": "any width will do here"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[equivalent]]\nids = ["f:sign:1"]\n', "mutants.toml:1: equivalent.0.reason"),
        ('[[equivalent]]\nids = ["f:sign:1"]\nreason = "ok"\n', "mutants.toml:3: equivalent.0.reason"),
        (ENTRY.format("f:sign:1") * 2, "mutants.toml:5: equivalent: 'f:sign:1' is declared twice"),
        ('[[equal]]\nids = ["f:sign:1"]\n', "equal"),
        ("[[equivalent\n", "cannot be read"),
    ],
)
def test_a_mistake_names_file_line_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PackageError, match=words.replace(".", r"\.")):
        declared_equivalent(written(tmp_path, text))


def test_an_entry_that_names_no_mutant_any_more_is_an_error_with_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path, ENTRY.format("f:sign:1") + ENTRY.format("f:sign:2"))
    errors = no_longer_there(folder, {"f:sign:1"})
    assert [error.line for error in errors] == [5]
    assert "f:sign:2" in str(errors[0])
