"""`environments.toml` is read as it is meant, or refused with the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.environments import Environment, EnvironmentsError, load_environments


def written(folder: Path, text: str) -> Path:
    path = folder / "environments.toml"
    path.write_text(text)
    return path


def test_interpreters_are_relative_to_the_file_and_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/usr/bin/true")
    path = written(tmp_path, '[[environment]]\nname = "course"\ninterpreter = "bin/python"\n')
    assert load_environments(path) == {"course": Environment("course", tmp_path / "bin" / "python")}


def test_an_absolute_interpreter_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, '[[environment]]\nname = "system"\ninterpreter = "/usr/bin/python3"\n')
    assert load_environments(path)["system"].interpreter == Path("/usr/bin/python3")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[environment]", "not valid TOML"),
        ("", "at least one"),
        ("environment = 3", "at least one"),
        ("environment = [3]", "number 1: must be a table"),
        ("other = 1", "unknown key 'other'"),
        ('[[environment]]\nname = "a"', "number 1: interpreter: a text is needed"),
        ('[[environment]]\ninterpreter = "a"', "number 1: name: a text is needed"),
        ('[[environment]]\nname = 3\ninterpreter = "a"', "number 1: name: a text is needed"),
        ('[[environment]]\nname = "a"\ninterpreter = "a"\npath = "b"', "unknown key 'path'"),
        ('[[environment]]\nname = "a"\ninterpreter = "a"\n' * 2, "number 2: name 'a' is used twice"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(EnvironmentsError, match=complaint) as caught:
        load_environments(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError, match="cannot be read"):
        load_environments(tmp_path / "nothing.toml")
