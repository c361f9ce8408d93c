"""A device before and after a job: on a machine that a test makes up, with real processes on it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.recorded_gpus import Machine
from worker.gpu.discovery import Process
from worker.gpu.examination import CONTEXT_MIB, MARGIN_MIB, DeviceSick, Examination, Idle


@pytest.fixture
def machine() -> Machine:
    return Machine("GPU-a")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait(60)


def examine(machine: Machine, patience_s: float = 0.0, spared: tuple[int, ...] = ()) -> Examination:
    return Examination(machine, lambda: spared, patience_s)


def test_a_device_that_is_well_may_be_used(machine: Machine) -> None:
    assert examine(machine).before(machine.found[0], 79_500).free_mib == 79_500


def test_memory_that_others_hold_is_said_with_who_they_are(machine: Machine) -> None:
    machine.used_mib["GPU-a"] = 70_000
    machine.processes["GPU-a"] = [Process(os.getppid(), 70_000)]
    with pytest.raises(DeviceSick, match=rf"only 10000 MiB of 20000 MiB are free; processes on it: {os.getppid()}"):
        examine(machine).before(machine.found[0], 20_000)
    os.kill(os.getppid(), 0)  # it is not ours to end


def test_a_process_of_ours_that_was_left_is_ended(machine: Machine, child: subprocess.Popen[bytes]) -> None:
    machine.processes["GPU-a"] = [Process(child.pid, 300)]

    class Watching(Machine):
        """Once killed, and only then, it is off the device."""

        def state(self, gpu):  # type: ignore[no-untyped-def]
            if child.poll() is not None:
                self.processes["GPU-a"] = []
            return super().state(gpu)

    watching = Watching("GPU-a")
    watching.processes = machine.processes
    examine(watching, patience_s=120).before(watching.found[0], 1)
    assert child.wait(60) == -9


def test_a_process_that_does_not_die_makes_the_device_sick(machine: Machine, child: subprocess.Popen[bytes]) -> None:
    machine.processes["GPU-a"] = [Process(child.pid, 300)]  # and stays there, whatever is done to it
    with pytest.raises(DeviceSick, match=rf"do not die: {child.pid}"):
        examine(machine, patience_s=0.3).after(machine.found[0], Idle(500, frozenset()), alone=True)


def test_kernels_that_wait_for_a_job_are_spared(machine: Machine, child: subprocess.Popen[bytes]) -> None:
    machine.processes["GPU-a"] = [Process(child.pid, 300)]
    machine.used_mib["GPU-a"] = 800
    examine(machine, spared=(child.pid,)).after(machine.found[0], Idle(500, frozenset()), alone=True)
    assert child.poll() is None


def test_memory_that_is_not_given_back_makes_the_device_sick(machine: Machine) -> None:
    gpu = machine.found[0]
    idle = Idle.of(machine.state(gpu))
    machine.used_mib["GPU-a"] = 500 + MARGIN_MIB
    examine(machine).after(gpu, idle, alone=True)
    machine.used_mib["GPU-a"] = 500 + MARGIN_MIB + 7
    with pytest.raises(DeviceSick, match="7 MiB were not given back"):
        examine(machine).after(gpu, idle, alone=True)
    # a neighbour's share may be in use
    examine(machine).after(gpu, idle, alone=False)
    # and so may somebody else's, who came later
    machine.processes["GPU-a"] = [Process(1, 300)]
    examine(machine).after(gpu, idle, alone=True)


def test_where_the_driver_lists_nobody_a_waiting_kernel_may_have_what_cuda_takes(
    machine: Machine, child: subprocess.Popen[bytes]
) -> None:
    gpu, idle = machine.found[0], Idle(500, frozenset())
    machine.used_mib["GPU-a"] = 500 + CONTEXT_MIB
    examine(machine, spared=(child.pid,)).after(gpu, idle, alone=True)
    with pytest.raises(DeviceSick, match="not given back"):
        examine(machine).after(gpu, idle, alone=True)


def test_memory_that_comes_back_in_time_is_no_illness() -> None:
    class Slow(Machine):
        looks = 0

        def state(self, gpu):  # type: ignore[no-untyped-def]
            self.looks += 1
            self.used_mib["GPU-a"] = 500 if self.looks > 2 else 9_000
            return super().state(gpu)

    slow = Slow("GPU-a")
    examine(slow, patience_s=120).after(slow.found[0], Idle(500, frozenset()), alone=True)
    assert slow.looks == 3


@pytest.mark.parametrize("step", ["before", "after"])
def test_errors_and_a_silent_driver_make_the_device_sick_at_once(machine: Machine, step: str) -> None:
    examination, gpu = examine(machine, patience_s=600), machine.found[0]

    def look() -> object:
        if step == "before":
            return examination.before(gpu, 1)
        return examination.after(gpu, Idle(500, frozenset()), alone=True)

    machine.errors["GPU-a"] = ("Xid 79",)
    with pytest.raises(DeviceSick, match="Xid 79"):
        look()
    assert examination.errors(gpu) == "Xid 79"
    machine.trouble = "NVIDIA's driver does not answer within 30 s"
    with pytest.raises(DeviceSick, match="does not answer"):
        look()
    assert "does not answer" in examination.errors(gpu)
