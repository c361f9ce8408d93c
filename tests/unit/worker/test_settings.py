"""What a worker is told, checked at its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cli.main import run
from worker.settings import SettingsError, from_environment

BROKER = {"WORKER_BROKER_URL": "redis://:hush@redis:6379/0"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "WORKER_BROKER_URL is not set: give the broker's URL"),
        ({"WORKER_BROKER_URL_FILE": "/nowhere"}, "WORKER_BROKER_URL_FILE names a file that cannot be read"),
        ({**BROKER, "WORKER_STOP_S": "soon"}, "WORKER_STOP_S='soon': expected a whole number"),
        ({**BROKER, "WORKER_STOP_S": "-1"}, "WORKER_STOP_S=-1: expected a whole number that is not negative"),
        ({**BROKER, "WORKER_WARM": "maybe"}, "WORKER_WARM='maybe': expected 1 or 0"),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        from_environment(given)
    assert said in str(error.value)
    assert "hush" not in str(error.value)


def test_the_broker_may_come_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(BROKER["WORKER_BROKER_URL"] + "\n")
    settings = from_environment({"WORKER_BROKER_URL_FILE": str(tmp_path / "url")})
    assert settings.broker_url == settings.progress_url == BROKER["WORKER_BROKER_URL"]
    assert "hush" not in repr(settings)


def test_a_broker_that_we_do_not_know_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["worker", "--broker", "kafka://u:hush@h"]) == 2
    said = capsys.readouterr().err
    assert "WORKER_BROKER_URL must begin with redis://" in said
    assert "hush" not in said
