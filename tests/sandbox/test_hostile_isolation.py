"""Notebooks that look for what is outside."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell

from worker.environments import Environment
from worker.kernels.session import NotebookSession, SessionSpec

from .conftest import ROOT, Runner


@pytest.fixture
def service() -> Iterator[int]:
    """A service on this machine's loopback, as a database or a broker would be. The port is given."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _answer(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def test_services_of_the_machine_cannot_be_reached(run: Runner, service: int) -> None:
    socket.create_connection(("127.0.0.1", service), 2).close()  # it is there
    ran = run(
        f"import socket\nsocket.create_connection(('127.0.0.1', {service}), 2)",
        "socket.create_connection(('192.0.2.1', 80), 2)",
        "socket.getaddrinfo('pypi.org', 443)",
        "print(sorted(name for _, name in socket.if_nameindex()))",
    )
    assert ran.statuses == ["error", "error", "error", "ok"]
    assert "ConnectionRefused" in ran.summaries[0].error
    assert "unreachable" in ran.summaries[1].error
    assert ran.text(3).strip() == "['lo']"


@pytest.mark.parametrize("family", [40, 38, 17, 44])  # vsock (to the hypervisor), alg, packet, xdp
def test_other_kinds_of_sockets_are_refused(run: Runner, family: int) -> None:
    ran = run(f"import socket; socket.socket({family}, socket.SOCK_STREAM)")
    assert ran.statuses == ["error"]
    assert "not supported by protocol" in ran.summaries[0].error


def test_the_files_of_the_machine_are_not_there(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    probes = [
        tmp_path / "secret",
        ROOT / "reference" / "plain.py",
        ROOT / "assignments",
        ROOT / "worker" / "sandbox" / "bubblewrap.py",
        Path("/etc/shadow"),
        Path("/root/.bashrc"),
        Path("/sys/fs/cgroup"),
        Path("/var"),
    ]
    ran = run(
        "import os\nfor path in %r: print(os.path.lexists(path), path)" % [str(path) for path in probes],
        "open('/etc/passwd').read()",
    )
    assert "True" not in ran.text(0)
    for user in Path("/etc/passwd").read_text().split():
        name = user.partition(":")[0]
        assert name in ("root", "nobody") or f"{name}:" not in ran.text(1)


def test_only_the_files_meant_for_it_are_shown_of_ours(run: Runner) -> None:
    ran = run("import os; print(sorted(os.listdir('/opt')), sorted(os.listdir('/opt/grader')))", "import worker")
    assert ran.statuses == ["ok", "error"]
    inside = {path.name for path in (ROOT / "worker" / "sandbox" / "inside").iterdir()}
    assert ran.text(0).strip() == f"['env', 'grader'] {sorted(inside)}"


def test_the_environment_of_the_service_is_not_there(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SECRET", "s3cret")
    ran = run(
        "import os, glob\nprint(dict(os.environ))\n"
        "for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "    try: print(open(path).read())\n"
        "    except OSError: pass"
    )
    assert "PATH" in ran.text(0)
    assert "s3cret" not in ran.text(0)


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


def test_processes_outside_can_neither_be_seen_nor_killed(run: Runner) -> None:
    source = f"""
import os, signal
print(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()))
for pid in (os.getppid(), 1, {os.getpid()}, {os.getppid()}):
    try: os.kill(pid, signal.SIGKILL); print('sent to', pid)
    except OSError as problem: print(problem)
"""
    ran = run(source, "'alive'")
    assert os.getppid() > 0
    pids = ran.text(0).splitlines()[0]
    assert len(pids.split(",")) <= 3
    assert ran.statuses[0] in ("ok", "died")  # it may end its own jail, and with it its own run


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
time.sleep(0.5)
print(any('{mark}' in open(f'/proc/{{n}}/cmdline').read() for n in os.listdir('/proc') if n.isdigit()))
"""
    ran = run(source)
    assert ran.text(0).strip() == "True"
    time.sleep(0.05)
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
        time.sleep(0.3)
        worker.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []
    gone, alive = psutil.wait_procs([kernel], timeout=2)
    for process in alive:
        process.kill()
    assert gone == [kernel]


def test_no_privilege_and_no_namespace_can_be_had(run: Runner) -> None:
    source = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print([line for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp:'))])
for flag in (0x10000000, 0x20000, 0x40000000): print(libc.unshare(flag))
print(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None), libc.setuid(0), libc.ptrace(16, 1, 0, 0))
print(os.system('unshare -Ur true 2>/dev/null') != 0)
"""
    ran = run(source)
    text = ran.text(0)
    assert "NoNewPrivs:\\t1" in text
    assert "Seccomp:\\t2" in text
    for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd"):
        assert f"{kind}:\\t0000000000000000" in text
    assert text.splitlines()[1:5] == ["-1", "-1", "-1", "-1 -1 -1"]
    assert text.splitlines()[5] == "True"


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
