"""What `grader doctor` says of the sandbox."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from worker.environments import Environment
from worker.kernels.session import NotebookSession, SandboxUnavailable, SessionSpec
from worker.sandbox import bubblewrap, identity, probe
from worker.sandbox.bubblewrap import Bubblewrap
from worker.sandbox.diagnosis import start_failure
from worker.sandbox.installation import INSIDE, find_installation

pytestmark = pytest.mark.parametrize("starter", ["cold"], indirect=True)


def layers(environment: Environment) -> dict[str, probe.Layer]:
    return {layer.name: layer for layer in probe.probe(environment)}


def test_every_layer_holds_here(environment: Environment) -> None:
    found = layers(environment)
    assert len(found) == 15
    assert found["forked kernels"].detail.startswith("a kernel was forked")
    assert [layer for layer in found.values() if not layer.ok] == []


@pytest.mark.parametrize(
    ("removed", "layer"),
    [("--unshare-net", "network"), ("--unshare-pid", "processes")],
)
def test_a_missing_layer_is_found(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, removed: str, layer: str
) -> None:
    build = bubblewrap.jail_arguments
    monkeypatch.setattr(
        "worker.sandbox.jail.jail_arguments",
        lambda *a, **k: [argument for argument in build(*a, **k) if argument != removed],
    )
    assert not layers(environment)[layer].ok


@pytest.mark.parametrize(
    ("skipped", "found"),
    [("own_user_namespace", "user namespace"), ("surrender", "capabilities"), ("separate", "net namespace")],
)
def test_a_forked_kernel_that_is_not_shut_in_is_found(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, skipped: str, found: str
) -> None:
    """The files of the jail with one step left out."""
    inside = tmp_path / "inside"
    shutil.copytree(INSIDE, inside)
    isolate = (inside / "isolate.py").read_text()
    # what the later steps need of it stays: a /proc of its own
    kept = "mount('proc', '/proc', 'proc', 0)" if skipped == "separate" else "pass"
    kept = "unshare(CLONE_NEWNS); " + kept if skipped == "separate" else kept
    (inside / "isolate.py").write_text(isolate + f"\n\ndef {skipped}(*arguments):\n    {kept}\n")
    monkeypatch.setattr("worker.sandbox.bubblewrap.INSIDE", inside)
    monkeypatch.setattr("worker.sandbox.identity.INSIDE", inside)
    layer = probe.forked_layer(find_installation(environment.interpreter))
    assert not layer.ok
    assert found in layer.detail


def test_a_missing_filter_is_found(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.sandbox.seccomp.filter_descriptor", lambda: None)
    assert not layers(environment)["system calls"].ok


def test_missing_limits_are_found(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "kernel_resources", lambda *a, **k: {"CPU": 20})
    found = layers(environment)
    assert not found["address space"].ok
    assert not found["process limit"].ok


def test_root_in_the_jail_is_found(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    if identity.os.geteuid() != 0:
        pytest.skip("only root can fail to give root up")
    monkeypatch.setenv("GRADER_JAIL_UID", "0")
    assert not layers(environment)["privileges"].ok


def test_a_missing_environment_says_how_to_make_it() -> None:
    (layer,) = probe.probe(Environment("none", Path("/nowhere/bin/python")))
    assert not layer.ok
    assert "make setup" in layer.fix


def test_no_bubblewrap_is_no_sandbox(spec: SessionSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Bubblewrap:
        raise SandboxUnavailable("There is no bubblewrap (bwrap) on this machine.", "Install it.")

    monkeypatch.setattr("worker.sandbox.jail.find_bubblewrap", none)

    async def scenario() -> None:
        async with NotebookSession(spec):
            pass

    with pytest.raises(SandboxUnavailable) as caught:
        asyncio.run(scenario())
    assert caught.value.fix == "Install it."


def test_forbidden_namespaces_are_no_sandbox(
    spec: SessionSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bubblewrap that may not make namespaces, as it speaks where a distribution forbids them."""
    script = tmp_path / "bwrap"
    script.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    script.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setattr("worker.sandbox.jail.find_bubblewrap", lambda: Bubblewrap(script, True, True))
    monkeypatch.setattr("worker.sandbox.identity.os.geteuid", lambda: 1000)

    async def scenario() -> None:
        async with NotebookSession(spec):
            pass

    with pytest.raises(SandboxUnavailable, match="uid map: Permission denied"):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("setting", "value", "fix"),
    [
        ("CLONE", "0", "unprivileged_userns_clone=1"),
        ("MOST", "0", "max_user_namespaces=15000"),
        ("APPARMOR", "1", "apparmor_restrict_unprivileged_userns=0"),
    ],
)
def test_the_fix_names_the_setting_that_forbids_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, value: str, fix: str
) -> None:
    (tmp_path / "setting").write_text(value)
    for name in ("CLONE", "MOST", "APPARMOR"):
        monkeypatch.setattr(f"worker.sandbox.diagnosis.{name}", tmp_path / ("setting" if name == setting else "none"))
    problem = start_failure("bwrap: No permissions to create new namespace, likely because …")
    assert isinstance(problem, SandboxUnavailable)
    assert fix in problem.fix
