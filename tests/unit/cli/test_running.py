"""One service per home, one per port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.cli.backend import as_served
from grader.cli.service.child import Child, ChildSpec
from grader.cli.service.running import AlreadyRunning, address, claim
from grader.settings import Settings


def test_a_home_is_claimed_once(tmp_path: Path) -> None:
    with claim(tmp_path, "http://127.0.0.1:1"):
        with pytest.raises(AlreadyRunning, match=rf"http://127.0.0.1:1 \(process {os.getpid()}\)"):
            with claim(tmp_path, "http://127.0.0.1:2"):
                pass
    with claim(tmp_path, "http://127.0.0.1:3"):
        pass


def test_commands_name_workers_the_address_of_the_service_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address(tmp_path) is None
    for name in ("GRADER_CONFIG", "GRADER_PUBLIC_URL", "GRADER_INTERNAL_URL"):
        monkeypatch.delenv(name, raising=False)
    with claim(tmp_path, "http://0.0.0.0:8123"):
        assert address(tmp_path) == "http://127.0.0.1:8123"
        settings = Settings.load(home=tmp_path)
        assert as_served(settings).internal_url == "http://127.0.0.1:8123"
        monkeypatch.setenv("GRADER_INTERNAL_URL", "http://web:8000")
        assert as_served(Settings.load(home=tmp_path)).internal_url == "http://web:8000"
    (tmp_path / "up.lock").write_text("{")
    assert address(tmp_path) is None


def test_a_claim_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from grader.cli.service.running import claim\n"
        "with claim(Path(sys.argv[1]), 'x'):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning), claim(tmp_path, "y"):
            pass
        process.kill()
        process.wait()
    with claim(tmp_path, "z"):
        pass


def spec(code: str) -> ChildSpec:
    return ChildSpec(
        name="child",
        command=[sys.executable, "-c", code],
        environ=dict(os.environ),
        ready=lambda log: "ready" in log.text(),
        stop_signals=(signal.SIGTERM,),
        stop_s=0.5,
    )


NICENESS = "os.nice(0), os.path.exists('/proc/self/autogroup') and open('/proc/self/autogroup').read().strip()"


def wait_until_ready(child: Child) -> None:
    deadline = time.monotonic() + 20
    while not child.is_ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_ignores_the_signal_is_killed_with_its_grandchildren(tmp_path: Path) -> None:
    grandchild = "import time; time.sleep(300)"
    child = Child(
        spec(
            "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            f"p = subprocess.Popen([sys.executable, '-c', {grandchild!r}]); print('ready', p.pid, flush=True)\n"
            "time.sleep(300)"
        ),
        tmp_path,
    )
    wait_until_ready(child)
    grandchild_pid = int(child.log.text().split()[1])
    child.begin_stop()
    child.finish_stop(hurried=lambda: False)
    assert child.exit_code == -signal.SIGKILL
    assert not is_running(grandchild_pid)


def told_by_a_nice_child(folder: Path) -> tuple[str, str]:
    folder.mkdir()
    code = f"import os; print({NICENESS}, 'ready', flush=True); import time; time.sleep(60)"
    child = Child(replace(spec(code), nice=5), folder)
    wait_until_ready(child)
    child.begin_stop()
    child.finish_stop(hurried=lambda: True)
    nice, _, group = child.log.text().rpartition(" ready")[0].partition(" ")
    return nice, group


def test_a_nice_child_gives_way_with_its_whole_session(tmp_path: Path) -> None:
    grouped = Path("/proc/self/autogroup").exists()
    for attempt in range(20):  # without privileges, Linux refuses it a tenth of a second after anybody's change
        nice, group = told_by_a_nice_child(tmp_path / str(attempt))
        if group.endswith("nice 5") or not grouped:
            break
        time.sleep(0.2)
    assert int(nice) == min(19, os.nice(0) + 5)  # whoever runs the tests may be nice already
    assert group.endswith("nice 5") or not grouped


def test_adopted_processes_that_ended_are_buried_and_ones_own_are_left_to_their_owner() -> None:
    code = (
        "import subprocess, sys, time\n"
        "from grader.cli.service.child import adopt_orphans, reap_orphans\n"
        "import psutil\n"
        "adopt_orphans()\n"
        'orphan = \'import subprocess, sys; subprocess.Popen([sys.executable, "-c", ""])\'\n'
        "own = subprocess.Popen([sys.executable, '-c', orphan])\n"
        "deadline = time.monotonic() + 20\n"
        "while len([p for p in psutil.Process().children() if p.status() == 'zombie']) < 2:\n"
        "    assert time.monotonic() < deadline\n"
        "    time.sleep(0.02)\n"
        "reap_orphans({own.pid}); assert own.poll() == 0; reap_orphans(set())\n"
        "print(len(psutil.Process().children()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "0\n", done.stderr


def test_a_childs_log_is_told_line_by_line(tmp_path: Path) -> None:
    child = Child(spec("print('ready'); print('half', end='')"), tmp_path)
    child.process.wait(20)
    assert child.log.new_lines() == ["ready"]
    assert child.log.new_lines() == []


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
