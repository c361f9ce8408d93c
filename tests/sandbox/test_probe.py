"""What `grader doctor` says of the sandbox."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from grader.cli.health.finding import RIGHT, WRONG
from grader.cli.health.forked import forked_finding
from worker.environments import Environment
from worker.kernels.session import NotebookSession, SandboxUnavailable, SessionSpec
from worker.sandbox import bubblewrap, group_trial, identity, probe, starting
from worker.sandbox.bubblewrap import Bubblewrap
from worker.sandbox.cgroup_places import hierarchies
from worker.sandbox.cgroups import Cgroup
from worker.sandbox.diagnosis import start_failure
from worker.sandbox.installation import INSIDE, find_installation
from worker.sandbox.warm.pool import POOLS

# mounts of its own, as the later steps need them, but the parent's /proc
LESS = "unshare(CLONE_NEWNS | CLONE_NEWNET); mount(None, '/', None, MS_REC | MS_PRIVATE)"

pytestmark = pytest.mark.parametrize("starter", ["cold"], indirect=True)


def layers(environment: Environment) -> dict[str, probe.Layer]:
    return {layer.name: layer for layer in probe.probe(environment)}


def test_every_layer_holds_here(environment: Environment) -> None:
    found = layers(environment)
    assert len(found) == 19
    assert found["forked kernels"].detail.startswith("a kernel was forked")
    assert [layer for layer in found.values() if not layer.ok and layer.need == "required"] == []
    assert found["control groups"].ok == bool(hierarchies())


@pytest.mark.parametrize(
    ("removed", "layer"),
    [
        ("--unshare-net", "network"),
        ("--unshare-pid", "processes"),
        ("--unshare-cgroup-try", "control group names"),
        ("--disable-userns", "further namespaces"),
    ],
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


@pytest.mark.parametrize("skipped", ["", "separate"])
def test_a_forked_kernel_is_asked_from_the_inside(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, skipped: str
) -> None:
    inside = tmp_path / "inside"
    shutil.copytree(INSIDE, inside, symlinks=True)
    if skipped:
        isolate = (inside / "isolate.py").read_text()
        (inside / "isolate.py").write_text(isolate + f"\n\ndef {skipped}():\n    {LESS}\n")
    monkeypatch.setattr("worker.sandbox.bubblewrap.INSIDE", inside)
    monkeypatch.setattr("worker.sandbox.identity.INSIDE", inside)
    monkeypatch.setattr(starting, "POOLS", POOLS)
    finding = forked_finding(environment)
    if skipped:
        assert (finding.status, finding.detail.partition(":")[0]) == (WRONG, "processes")
    else:
        assert (finding.status, finding.detail.partition(",")[0]) == (RIGHT, "asked about network")


def test_a_missing_filter_is_found(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.sandbox.seccomp.filter_descriptor", lambda **_: None)
    assert not layers(environment)["system calls"].ok


def test_limits_of_groups_that_do_nothing_are_found(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hierarchies():
        pytest.skip("no control groups can be made here")
    monkeypatch.setattr(Cgroup, "limit", lambda self, limits: None)
    layer = group_trial.group_layer()
    assert not layer.ok
    assert "let 40 be made" in layer.detail


def test_no_groups_are_missing_and_not_wrong_unless_the_policy_requires_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_trial, "hierarchies", lambda: ())
    layer = group_trial.group_layer()
    assert (layer.ok, layer.need) == (False, "preferred")
    assert "Delegate=yes" in layer.fix


def test_a_policy_that_cannot_be_used_is_found(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text("[limit]\n")
    monkeypatch.setenv("GRADER_SANDBOX_POLICY", str(tmp_path / "policy.toml"))
    (layer,) = probe.probe(environment)
    assert (layer.name, layer.ok, layer.need) == ("policy", False, "required")
    assert "limit: there is no such table" in layer.detail


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
    _, layer = probe.probe(Environment("none", Path("/nowhere/bin/python")))
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
