"""What the doctor says of GPUs, on machines that a test makes up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.cli.health.finding import NOTE, RIGHT, WRONG
from grader.cli.health.gpus import examined
from tests.support.recorded_gpus import Machine
from worker.gpu.places import Sharing
from worker.gpu.quarantine import Quarantine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine("GPU-a")
    node = tmp_path / "nvidia0"
    node.touch()
    made.found = [replace(made.found[0], nodes=(node,))]
    return made


def test_a_device_that_is_well_is_told_with_its_slots(machine: Machine, tmp_path: Path) -> None:
    (finding,) = examined(machine, Sharing(20_000), Quarantine(tmp_path))
    assert (finding.status, finding.detail) == (RIGHT, "79500 of 80000 MiB free, 4 slots")


def test_what_is_wrong_with_one_is_told(machine: Machine, tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put("GPU-a", "Xid 79")
    (finding,) = examined(machine, Sharing(), quarantine)
    assert (finding.status, "out of service: Xid 79" in finding.detail) == (WRONG, True)
    machine.errors["GPU-a"] = ("2 uncorrected memory errors (ECC) since it was reset",)
    (finding,) = examined(machine, Sharing(), quarantine)
    assert (finding.status, "uncorrected" in finding.detail) == (WRONG, True)
    machine.errors.clear()
    machine.found = [replace(machine.found[0], nodes=(tmp_path / "none",))]
    (finding,) = examined(machine, Sharing(), quarantine)
    assert (finding.status, "is not there" in finding.detail) == (WRONG, True)


def test_a_machine_that_may_do_without_a_gpu_is_well_and_a_broken_driver_is_told(tmp_path: Path) -> None:
    machine = Machine()
    (finding,) = examined(machine, Sharing(), Quarantine(tmp_path))
    assert finding.status == NOTE
    machine.trouble = "NVIDIA's driver does not work"
    (finding,) = examined(machine, Sharing(), Quarantine(tmp_path))
    assert (finding.status, finding.detail) == (NOTE, "NVIDIA's driver does not work")
