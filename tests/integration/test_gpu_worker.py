"""A real worker of the queue `gpu`, on a machine whose driver is a recording: what it says of its device, and that it
takes no jobs while that is out of service."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from grader.cli.worker import celery_command
from grader.embedded_redis import EmbeddedRedis
from tests.support.recorded_gpus import card, record
from worker.gpu.quarantine import Quarantine

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0


def wait(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def test_a_worker_whose_device_is_sick_takes_no_jobs_until_it_is_well(
    tmp_path: Path, redis_server: EmbeddedRedis
) -> None:
    home, log = tmp_path / "home", tmp_path / "log.txt"
    told = record(tmp_path, [card(0)])
    environ = {**os.environ, **told, "GRADER_HOME": str(home), "WORKER_WARM": "0", "PYTHONUNBUFFERED": "1"}
    environ |= {"WORKER_BROKER_URL": redis_server.broker_url, "WORKER_PROGRESS_URL": "", "WORKER_STOP_S": "1"}
    environ.pop("CUDA_VISIBLE_DEVICES", None)
    with log.open("wb") as out:
        worker = subprocess.Popen(
            celery_command(["gpu"], 1, "gpu-test", "INFO"), env=environ, cwd=ROOT, stdout=out, stderr=out
        )
    try:
        wait(lambda: "1 GPU of NVIDIA" in log.read_text() and " ready." in log.read_text(), log)
        quarantine = Quarantine(home / "cache" / "gpu")
        quarantine.put("GPU-0aaa-bbb", "Xid 79")
        wait(lambda: "Canceling queue gpu" in log.read_text(), log)
        assert "slots of the queue gpu: 0 of 1" in log.read_text()
        quarantine.end("GPU-0aaa-bbb")
        wait(lambda: "Started consuming from gpu" in log.read_text(), log)
    finally:
        worker.terminate()
        try:
            worker.wait(60)
        finally:
            worker.kill()
            worker.wait()
