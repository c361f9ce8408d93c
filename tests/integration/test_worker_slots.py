"""No slot of a worker outlives the worker, and none is made that could not do its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from grader.cli.worker import celery_command
from tests.support.recorded_gpus import card, record

ROOT = Path(__file__).resolve().parents[2]


def test_the_slots_of_a_killed_worker_die_with_it_also_in_the_middle_of_work(tmp_path: Path) -> None:
    # A task that never ends, in the real prefork pool of the real application; the broker is in memory. Celery sees
    # to it (PR_SET_PDEATHSIG); `grader up` relies on it when it is killed, and so do leases.
    code = (
        "import time\nfrom worker.app import app\n"
        "@app.task(name='endless')\ndef endless():\n    time.sleep(600)\n"
        "from celery.signals import worker_ready\n"
        "@worker_ready.connect\ndef go(sender, **_): endless.delay()\n"
        "app.worker_main(['worker', '--pool', 'prefork', '--concurrency', '2', '--queues', 'cpu', '--loglevel', 'INFO',"
        " '--without-gossip', '--without-mingle'])\n"
    )
    environ = {**os.environ, "WORKER_BROKER_URL": "memory://", "WORKER_PROGRESS_URL": ""}
    log = tmp_path / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", code], env=environ, cwd=ROOT, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 60
        while "Task endless" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        slots = psutil.Process(process.pid).children(recursive=True)
        assert len(slots) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        _, alive = psutil.wait_procs(slots, timeout=5)
        assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        process.kill()
        process.wait()


def test_a_worker_with_more_slots_than_gpus_does_not_start_and_says_what_to_do(tmp_path: Path) -> None:
    environ = {**os.environ, **record(tmp_path, [card(0)]), "WORKER_BROKER_URL": "memory://"}
    environ.pop("CUDA_VISIBLE_DEVICES", None)
    command = celery_command(["cpu", "gpu"], 2, "test", "INFO")
    ended = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
    assert ended.returncode == 1
    assert "queue `gpu` with 2 slots" in ended.stderr
    assert "--queues gpu --concurrency 1`" in ended.stderr
