"""Slots of sick devices are closed, and opened again when those are well."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.recorded_gpus import Machine
from worker.contract.announcement import DeviceHealth
from worker.gpu.caretaker import LIST_EVERY, Caretaker
from worker.gpu.places import Places, Sharing
from worker.gpu.quarantine import FIRST_PAUSE_S, Quarantine

NOW = 1_000_000.0


class Slots:
    def __init__(self, slots: int) -> None:
        self.history = [slots]

    def now(self) -> int:
        return self.history[-1]

    def set(self, slots: int) -> None:
        self.history.append(slots)


class Bench:
    def __init__(self, folder: Path, machine: Machine, slots: int, slot_mib: int = 0) -> None:
        self.slots, self.quarantine = Slots(slots), Quarantine(folder)
        self.places = Places(folder, Sharing(slot_mib))
        self.caretaker = Caretaker(machine, self.quarantine, self.places, self.slots)


def test_while_all_are_well_nothing_is_done(tmp_path: Path) -> None:
    machine = Machine("GPU-a", "GPU-b")
    bench = Bench(tmp_path, machine, 2)
    for _ in range(3):
        bench.caretaker.look(NOW)
    assert bench.slots.history == [2]
    assert [state.health for state in bench.caretaker.devices()] == [DeviceHealth.READY] * 2
    with Places(tmp_path, Sharing()).take(machine.found[0], 1, 0):
        assert [state.health for state in bench.caretaker.devices()] == [DeviceHealth.BUSY, DeviceHealth.READY]


@pytest.mark.parametrize(("slot_mib", "started", "then"), [(0, 2, 1), (20_000, 8, 4), (20_000, 3, 3)])
def test_the_slots_of_a_sick_device_are_closed(tmp_path: Path, slot_mib: int, started: int, then: int) -> None:
    bench = Bench(tmp_path, Machine("GPU-a", "GPU-b"), started, slot_mib)
    bench.quarantine.put("GPU-a", "Xid 79", NOW)
    bench.caretaker.look(NOW)
    assert bench.slots.now() == then
    sick = bench.caretaker.devices()[0]
    assert (sick.health, sick.problem) == (DeviceHealth.SICK, "Xid 79")


def test_a_worker_without_a_device_that_is_well_takes_no_jobs_until_one_is(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    bench = Bench(tmp_path, machine, 1)
    machine.errors["GPU-a"] = ("Xid 79",)
    bench.quarantine.put("GPU-a", "Xid 79", NOW)
    bench.caretaker.look(NOW)
    assert bench.slots.now() == 0
    bench.caretaker.look(NOW + FIRST_PAUSE_S - 1)
    assert machine.resets == 0  # not tested yet
    bench.caretaker.look(NOW + FIRST_PAUSE_S)
    assert (machine.resets, bench.slots.now()) == (1, 0)  # tested, and still ill: longer from now on
    machine.errors.clear()
    bench.caretaker.look(NOW + 2 * FIRST_PAUSE_S)
    assert bench.slots.now() == 0
    bench.caretaker.look(NOW + 3 * FIRST_PAUSE_S)
    assert bench.slots.history == [1, 0, 1]
    assert bench.caretaker.devices()[0].health is DeviceHealth.READY


def test_a_device_that_the_driver_lost_is_told_of(tmp_path: Path) -> None:
    machine = Machine("GPU-a", "GPU-b")
    bench = Bench(tmp_path, machine, 2)
    bench.caretaker.look(NOW)
    gone = machine.found.pop(0)
    for _ in range(LIST_EVERY):
        bench.caretaker.look(NOW)
    assert bench.slots.now() == 1
    states = {state.uuid: state for state in bench.caretaker.devices()}
    assert states["GPU-a"].health is DeviceHealth.SICK
    assert "does not list it" in states["GPU-a"].problem
    machine.found.append(gone)  # it came back
    sick = bench.quarantine.of("GPU-a")
    assert sick is not None
    bench.caretaker.look(sick.retest_at + 1)
    assert bench.slots.now() == 2


def test_a_silent_driver_changes_nothing(tmp_path: Path) -> None:
    machine = Machine("GPU-a")
    bench = Bench(tmp_path, machine, 1)
    machine.trouble = "NVIDIA's driver does not answer within 30 s"
    bench.caretaker.look(NOW)
    assert bench.slots.history == [1]
    assert bench.caretaker.devices() == ()
