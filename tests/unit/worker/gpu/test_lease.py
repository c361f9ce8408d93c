"""Each process of a worker has a GPU of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from worker.environments import Environment
from worker.gpu import lease as leases
from worker.gpu.discovery import Gpu, GpuError
from worker.gpu.lease import Lease, NoGpu, environment_for


class Machine:
    """A discovery for machines without a GPU."""

    def __init__(self, *uuids: str) -> None:
        self._found = tuple(Gpu(uuid, "NVIDIA H200", 143_771, (Path("/dev/nvidia0"),)) for uuid in uuids)

    def gpus(self) -> Sequence[Gpu]:
        return self._found


class Broken:
    def gpus(self) -> Sequence[Gpu]:
        raise GpuError("nvidia-smi does not work")


def hold(folder: Path, told: object, done: object) -> None:
    told.put(Lease(Machine("GPU-a", "GPU-b"), folder).gpu().uuid)  # type: ignore[attr-defined]
    done.wait(60)  # type: ignore[attr-defined]


def test_two_processes_hold_two_gpus_and_the_third_is_told(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    told, done = context.Queue(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, told, done))
    other.start()
    try:
        mine = Lease(Machine("GPU-a", "GPU-b"), tmp_path)
        theirs = told.get(timeout=60)
        assert {theirs, mine.gpu().uuid} == {"GPU-a", "GPU-b"}
        assert mine.gpu() == mine.gpu()
        with pytest.raises(NoGpu, match="All 2 GPUs"):
            Lease(Machine("GPU-a", "GPU-b"), tmp_path).gpu()
    finally:
        done.set()
        other.join(60)
    # it is free again, however its holder ended
    assert Lease(Machine(theirs), tmp_path).gpu().uuid == theirs
    told.close()
    told.join_thread()


def test_a_forked_process_does_not_share_its_parents_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Lease(Machine("GPU-a", "GPU-b"), tmp_path)
    assert mine.gpu().uuid == "GPU-a"
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert mine.gpu().uuid == "GPU-b"


def test_no_gpu_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoGpu, match="no NVIDIA GPU") as caught:
        Lease(Machine(), tmp_path).gpu()
    assert "nvidia-smi" in caught.value.fix
    with pytest.raises(NoGpu, match="does not work"):
        Lease(Broken(), tmp_path).gpu()


def test_only_assignments_that_want_a_gpu_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_LEASE", [Lease(Machine("GPU-a"), tmp_path)])
    environment = Environment("course", Path("/python"))
    assert environment_for(environment, "cpu").gpu is None
    with_gpu = environment_for(environment, "gpu")
    assert with_gpu.gpu is not None
    assert with_gpu.gpu.uuid == "GPU-a"
