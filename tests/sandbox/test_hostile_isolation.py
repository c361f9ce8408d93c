"""What is shown inside, and that nothing outlives its session. What notebooks try: hostile/."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell

from worker.contract import Limits
from worker.environments import Environment
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox.installation import find_installation
from worker.sandbox.jail import run_in_jail

from .conftest import ROOT, Runner


def test_only_the_files_meant_for_it_are_shown_of_ours(run: Runner) -> None:
    ran = run("import os; print(sorted(os.listdir('/opt')), sorted(os.listdir('/opt/grader')))", "import worker")
    assert ran.statuses == ["ok", "error"]
    inside = {path.name for path in (ROOT / "worker" / "sandbox" / "inside").iterdir()}
    assert ran.text(0).strip() == f"['env', 'grader'] {sorted(inside)}"


def test_no_path_of_the_worker_is_known_inside(run: Runner) -> None:
    ran = run(
        "import os, socket\nfor n in range(300):\n    try: print(os.readlink(f'/proc/self/fd/{n}'))\n"
        "    except OSError: continue\n    try: print(socket.socket(fileno=os.dup(n)).getsockname())\n"
        "    except OSError: pass\nprint(open('/proc/self/mountinfo').read())"
    )
    assert "socket:" in ran.text(0)
    assert str(ROOT) not in ran.text(0).replace(str(ROOT) + "/.kernels/course", "").replace(
        str(ROOT) + "/worker/sandbox/inside", ""
    )
    assert "grader-" not in ran.text(0)


def test_a_daemonised_child_does_not_outlive_the_session(run: Runner) -> None:
    mark = f"mark{uuid.uuid4().hex}"
    source = f"""
import os, subprocess, sys, time
if os.fork() == 0:
    try: os.setsid()
    except OSError: pass
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'])
    os._exit(0)
def is_there():
    for n in os.listdir('/proc'):
        try:
            if n.isdigit() and '{mark}' in open(f'/proc/{{n}}/cmdline').read(): return True
        except OSError: pass  # it has ended
while not is_there(): time.sleep(0.01)
print('there')
"""
    ran = run(source)
    assert ran.text(0).strip() == "there"
    assert [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])] == []


WORKER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from nbformat.v4 import new_code_cell
from worker.contract import Limits
from worker.environments import Environment
from worker.environments import Environment
from worker.kernels.session import NotebookSession, SessionSpec

async def main():
    async with NotebookSession(SessionSpec(Environment("course", Path(sys.argv[2])), Limits())) as session:
        print(session._connection.process.pid, flush=True)
        await session.run_cell(new_code_cell("import time; time.sleep(600)"), 0)

asyncio.run(main())
"""


def test_nothing_outlives_a_worker_that_is_killed(environment: Environment, tmp_path: Path) -> None:
    tmp_path = tmp_path / "temporary"
    tmp_path.mkdir()
    line = [sys.executable, "-c", WORKER, str(ROOT), str(environment.interpreter)]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    ) as worker:
        assert worker.stdout is not None
        kernel = psutil.Process(int(worker.stdout.readline()))
        worker.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []
    gone, alive = psutil.wait_procs([kernel], timeout=60)
    for process in alive:
        process.kill()
    assert gone == [kernel]


def test_the_kernel_is_not_root_whoever_the_worker_is(spec: SessionSpec) -> None:
    async def scenario() -> tuple[str, int]:
        async with NotebookSession(spec) as session:
            cell = new_code_cell("import os; print(os.getuid(), os.getgid(), os.stat('/usr').st_uid)")
            await session.run_cell(cell, 0)
            return cell.outputs[0].text, psutil.Process(session._connection.process.pid).uids().real

    inside, outside = asyncio.run(scenario())
    assert inside.split() == ["1000", "1000", "65534"]
    assert outside != 0


def test_another_session_is_invisible(run: Runner) -> None:
    ran = run("open('/dev/shm/mine', 'w').write('1'); open('/tmp/mine', 'w').write('1')")
    assert ran.statuses == ["ok"]
    ran = run("import os; print(os.listdir('/dev/shm'), os.listdir('/tmp'), os.listdir())")
    assert "mine" not in ran.text(0)


def test_a_kernel_shares_no_namespace_with_the_worker(spec: SessionSpec) -> None:
    async def scenario() -> list[str]:
        async with NotebookSession(spec) as session:
            theirs, ours = Path(f"/proc/{session._connection.process.pid}/ns"), Path("/proc/self/ns")
            names = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
            return [name for name in names if os.readlink(theirs / name) == os.readlink(ours / name)]

    assert asyncio.run(scenario()) == []


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_no_namespace_can_be_made_even_without_a_filter(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.sandbox.seccomp.filter_descriptor", lambda **options: None)
    code = "import ctypes; print(ctypes.CDLL(None).unshare(0x10000000))"
    assert run_in_jail(find_installation(environment.interpreter), code, Limits()).strip() == b"-1"
