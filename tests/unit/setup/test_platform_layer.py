"""The environment that only some tests need: made with the tests' own, and never a reason for set-up to fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.setup import layers, main, stamp
from tools.setup.environment import Environment
from tools.setup.say import SetupError
from tools.setup.stamp import Stamp

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(REQUIREMENTS, tmp_path / "requirements")
    return tmp_path


def made(root: Path) -> None:
    """What a set-up leaves that went well."""
    place = layers.platform_place(root)
    stamp.python(place).parent.mkdir(parents=True)
    stamp.python(place).touch()
    inputs = stamp.digest([layers.platform_lock(root)])
    stamp.write(stamp.path(place, layers.PLATFORM), Stamp(inputs, str(place), "3.11.7"))


def test_a_failed_installation_is_told_and_stops_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(environment: Environment, pip_lock: Path) -> None:
        raise SetupError(f"{environment.title}: no network")

    monkeypatch.setattr(Environment, "create", fail)
    main.prepare(root, dev=True, parts=(layers.PLATFORM,))
    said = capsys.readouterr().err
    assert "lti-platform: no network" in said
    assert "the tests against lti-consumer-xblock will be skipped" in said
    assert not main.is_current(root, dev=True, parts=(layers.PLATFORM,))  # the next set-up tries again


def test_one_that_does_not_work_is_not_taken_for_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(environment: Environment, code: str) -> str:
        assert code == layers.PLATFORM_CHECK
        raise SetupError("No module named 'django'")

    monkeypatch.setattr(Environment, "create", lambda environment, pip_lock: environment.place.mkdir(parents=True))
    monkeypatch.setattr(Environment, "pip", lambda *_: None)
    monkeypatch.setattr(Environment, "run", fail)
    layers.platform(root)
    assert not layers.platform_is_current(root)


def test_it_is_left_alone_until_its_requirements_change(root: Path) -> None:
    made(root)
    assert main.is_current(root, dev=True, parts=(layers.PLATFORM,))
    with layers.platform_lock(root).open("a") as lock:
        lock.write("one-more==1.0\n")
    assert not main.is_current(root, dev=True, parts=(layers.PLATFORM,))


def test_the_service_alone_needs_none_of_it() -> None:
    assert layers.PLATFORM not in main.PARTS
    assert layers.PLATFORM in main.DEV_PARTS
