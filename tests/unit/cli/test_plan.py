"""Which workers `grader up` starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cli.service import plan
from grader.cli.service.plan import Options, stages
from grader.settings import Settings


@pytest.mark.parametrize(
    ("queues", "gpus", "workers"),
    [
        ("cpu", 4, {"worker": ("cpu", "3")}),
        ("cpu,gpu", 2, {"worker": ("cpu", "3"), "worker-gpu": ("gpu", "2")}),
        ("gpu", 0, {"worker-gpu": ("gpu", "1")}),
    ],
)
def test_each_queue_has_a_worker_and_each_gpu_a_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, queues: str, gpus: int, workers: dict[str, tuple[str, str]]
) -> None:
    monkeypatch.setattr(plan, "gpu_count", lambda: gpus)
    settings = Settings.load(home=tmp_path, secret_key="x" * 40)
    found = {
        spec.name: (
            spec.command[spec.command.index("--queues") + 1],
            spec.command[spec.command.index("--concurrency") + 1],
        )
        for stage in stages(settings, Options("127.0.0.1", 8000, 3, queues, False), {})
        for spec in stage
        if spec.name.startswith("worker")
    }
    assert found == workers
