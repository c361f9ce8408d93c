"""One process and its device, from job to job."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.recorded_gpus import Machine
from worker.environments import Environment
from worker.gpu import use as uses
from worker.gpu.discovery import Process
from worker.gpu.examination import Examination
from worker.gpu.places import Places, Sharing
from worker.gpu.quarantine import Quarantine
from worker.gpu.use import DEFAULT_MEMORY_MIB, DeviceUse, NoGpu, environment_for, finish_job, require_well_device
from worker.sandbox.undertaker import UNDERTAKER

ENVIRONMENT = Environment("course", Path("/python"))


def make(machine: Machine, folder: Path, slot_mib: int = 0) -> DeviceUse:
    return DeviceUse(machine, folder, Sharing(slot_mib), Examination(machine, patience_s=0.0))


def sick(folder: Path, uuid: str) -> str:
    found = Quarantine(folder).of(uuid)
    return "" if found is None else found.why


def test_a_process_keeps_its_device_and_another_takes_another(tmp_path: Path) -> None:
    machine = Machine("GPU-a", "GPU-b")
    first, second, third = (make(machine, tmp_path) for _ in range(3))
    assert [first.begin().uuid, second.begin().uuid] == ["GPU-a", "GPU-b"]
    first.finish()
    assert first.begin().uuid == "GPU-a"
    with pytest.raises(NoGpu, match="All 2 GPUs"):
        third.begin()
    second.release()
    assert third.begin().uuid == "GPU-b"


def test_a_forked_process_does_not_share_its_parents_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = make(Machine("GPU-a", "GPU-b"), tmp_path)
    assert mine.bound().uuid == "GPU-a"
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert mine.gpu is None
    assert mine.bound().uuid == "GPU-b"


def test_small_devices_are_passed_over_for_a_job_that_asks_for_more(tmp_path: Path) -> None:
    machine, small = Machine("GPU-a", memory_mib=8_000), Machine("GPU-b", memory_mib=80_000)
    machine.found += small.found
    machine.used_mib |= small.used_mib
    machine.processes |= small.processes
    use = make(machine, tmp_path)
    assert use.begin(1_000).uuid == "GPU-a"
    assert use.begin(40_000).uuid == "GPU-b"
    with pytest.raises(NoGpu, match="asks for 90000 MiB of a GPU; the largest here has 80000"):
        use.begin(90_000)


def test_a_device_that_is_not_well_before_a_job_is_left_for_another(tmp_path: Path) -> None:
    machine = Machine("GPU-a", "GPU-b")
    machine.errors["GPU-a"] = ("Xid 79",)
    use = make(machine, tmp_path)
    assert use.begin().uuid == "GPU-b"
    assert sick(tmp_path, "GPU-a") == "Xid 79"
    machine.errors["GPU-b"] = ("Xid 48",)
    with pytest.raises(NoGpu, match=r"out of service|Out of service"):
        use.begin()


def test_an_error_during_a_job_makes_its_result_worthless(tmp_path: Path) -> None:
    machine = Machine("GPU-a", "GPU-b")
    use = make(machine, tmp_path)
    use.begin()
    use.require_well()
    machine.errors["GPU-a"] = ("1 uncorrected memory errors (ECC) since it was reset",)
    with pytest.raises(NoGpu, match="failed during the run: 1 uncorrected"):
        use.require_well()
    assert sick(tmp_path, "GPU-a")
    assert use.begin().uuid == "GPU-b"  # the next job has a device that is well


def test_memory_that_a_job_leaves_closes_the_device(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    use = make(machine, tmp_path)
    use.begin()
    machine.used_mib["GPU-a"] += 9_000
    use.finish()
    assert "9000" not in sick(tmp_path, "GPU-a")  # the margin is taken off
    assert "were not given back" in sick(tmp_path, "GPU-a")
    assert use.gpu is None


def test_a_kernel_that_could_not_be_removed_closes_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use = make(Machine("GPU-a"), tmp_path)
    use.begin()
    monkeypatch.setattr(UNDERTAKER, "unremoved", UNDERTAKER.unremoved + 1)  # it hangs in the driver, say
    use.finish()
    assert "does not end" in sick(tmp_path, "GPU-a")


def test_a_job_that_left_nothing_leaves_the_device_in_service(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    use = make(machine, tmp_path)
    for _ in range(3):
        use.begin()
        use.finish()
        use.finish()
    assert not sick(tmp_path, "GPU-a")
    assert machine.resets == 0


def test_jobs_share_a_device_by_memory(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    first, second = make(machine, tmp_path, 40_000), make(machine, tmp_path, 40_000)
    assert {first.begin(1_000).uuid, second.begin(1_000).uuid} == {"GPU-a"}
    # what the neighbour uses is no leak of this one's
    machine.used_mib["GPU-a"] += 20_000
    first.finish()
    assert not sick(tmp_path, "GPU-a")
    with pytest.raises(NoGpu, match="did not become free"):
        first.begin(70_000, wait_s=0)


def test_no_gpu_is_said_with_what_to_do(tmp_path: Path) -> None:
    machine = Machine()
    with pytest.raises(NoGpu, match="no NVIDIA GPU") as caught:
        make(machine, tmp_path).begin()
    assert "nvidia-smi" in caught.value.fix
    machine.trouble = "the driver does not work"
    with pytest.raises(NoGpu, match="does not work"):
        make(machine, tmp_path).begin()


def test_only_runs_that_want_a_gpu_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("GPU-a")
    use = make(machine, tmp_path)
    monkeypatch.setattr(uses, "_USES", [use])
    assert environment_for(ENVIRONMENT, "cpu").gpu is None
    assert use.gpu is None
    assert environment_for(ENVIRONMENT, "gpu").gpu == machine.found[0]
    require_well_device()
    finish_job()
    assert environment_for(ENVIRONMENT, "gpu-or-cpu").gpu == machine.found[0]
    finish_job()
    Quarantine(tmp_path).put("GPU-a", "Xid 79")
    assert environment_for(ENVIRONMENT, "gpu-or-cpu").gpu is None
    with pytest.raises(NoGpu, match="Xid 79"):
        environment_for(ENVIRONMENT, "gpu")


def test_an_assignment_that_says_nothing_is_given_what_an_ordinary_notebook_needs(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    machine.used_mib["GPU-a"] = 80_000 - DEFAULT_MEMORY_MIB + 1
    machine.processes["GPU-a"] = [Process(1)]
    with pytest.raises(NoGpu):
        make(machine, tmp_path).begin()


def test_shares_are_free_again_after_every_end(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    use = make(machine, tmp_path)
    for ending in (use.finish, use.release):
        use.begin()
        ending()
        assert Places(tmp_path, Sharing()).alone(machine.found[0])


def test_what_a_neighbour_used_at_first_hides_no_leak_later(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    use = make(machine, tmp_path)
    machine.used_mib["GPU-a"] = 20_500
    use.begin()
    machine.used_mib["GPU-a"] = 500
    use.finish()
    use.begin()
    machine.used_mib["GPU-a"] = 9_000
    use.finish()
    assert "were not given back" in sick(tmp_path, "GPU-a")
