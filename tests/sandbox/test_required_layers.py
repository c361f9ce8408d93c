"""Without a layer that the policy requires nothing is graded, and the fix is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.cli.worker import _sandbox_works
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox import policy as policies
from worker.sandbox import starting
from worker.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from worker.sandbox.errors import SandboxUnavailable

pytestmark = pytest.mark.parametrize("starter", ["cold"], indirect=True)

Take = Callable[[pytest.MonkeyPatch, Path], None]


def no_groups(patch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "policy.toml").write_text("[layers]\ncontrol_groups = 'required'\n")
    patch.setenv(policies.VARIABLE, str(folder / "policy.toml"))
    patch.setattr(starting, "hierarchies", lambda: ())
    patch.setattr("worker.sandbox.group_trial.hierarchies", lambda: ())


def no_filter(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setattr("platform.machine", lambda: "riscv64")


def no_bubblewrap(patch: pytest.MonkeyPatch, folder: Path) -> None:
    def none() -> Bubblewrap:
        raise SandboxUnavailable("There is no bubblewrap (bwrap) on this machine.", "Install it.")

    use(patch, none)


def an_old_bubblewrap(patch: pytest.MonkeyPatch, folder: Path) -> None:
    old = replace(find_bubblewrap(), disables_userns=False)
    use(patch, lambda: old)


def a_container_that_masks_proc(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """As bubblewrap speaks under Docker's defaults."""
    script = folder / "bwrap"
    script.write_text(
        '#!/bin/sh\necho "bwrap: Can\'t mount proc on /newroot/proc: Operation not permitted" >&2\nexit 1\n'
    )
    script.chmod(0o755)
    patch.setattr("worker.sandbox.identity.os.geteuid", lambda: 1000)
    for setting in ("APPARMOR", "CLONE", "MOST"):
        patch.setattr(f"worker.sandbox.diagnosis.{setting}", folder / "no-such-setting")
    use(patch, lambda: Bubblewrap(script, True, True))


def use(patch: pytest.MonkeyPatch, find: Callable[[], Bubblewrap]) -> None:
    patch.setattr("worker.sandbox.jail.find_bubblewrap", find)
    patch.setattr("worker.sandbox.bubblewrap.find_bubblewrap", find)


MISSING = {
    no_groups: "Delegate=yes",
    no_filter: "x86_64 or aarch64",
    no_bubblewrap: "Install it.",
    an_old_bubblewrap: "bubblewrap 0.8 or later",
    a_container_that_masks_proc: "systempaths=unconfined",
}


@pytest.mark.parametrize("take", MISSING, ids=lambda take: take.__name__)
def test_no_notebook_runs_without_it(
    spec: SessionSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, take: Take
) -> None:
    take(monkeypatch, tmp_path)

    async def scenario() -> None:
        async with NotebookSession(spec):
            pass

    with pytest.raises(SandboxUnavailable) as caught:
        asyncio.run(scenario())
    assert MISSING[take] in caught.value.fix


@pytest.mark.parametrize("take", [no_bubblewrap, a_container_that_masks_proc], ids=lambda take: take.__name__)
def test_no_worker_starts_without_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, take: Take
) -> None:
    take(monkeypatch, tmp_path)
    assert not _sandbox_works()
    assert MISSING[take] in capsys.readouterr().err
