"""Reasons on the command line say something, on one line."""

from __future__ import annotations

import pytest

from grader.cli.main import run


@pytest.mark.parametrize(
    "command",
    [
        ["queue", "pause", "cpu"],
        ["workers", "drain", "w"],
        ["runs", "retry", "r"],
        ["runs", "quarantine", "r"],
        ["runs", "release", "r"],
    ],
    ids=" ".join,
)
def test_a_reason_that_says_nothing_or_too_much_is_refused(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--reason", " \n"]) == 2
    assert "say why in a few words" in capsys.readouterr().err
    assert run([*command, "--reason", "x" * 501]) == 2
    assert "it has 501 characters" in capsys.readouterr().err
