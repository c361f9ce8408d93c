"""What NVML says, and which devices follow from it. The process that asks is the real one; in the place of NVIDIA's
module stands one that answers from a recording, because machines without a GPU too must show that it is understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support import recorded_gpus as recorded
from worker.gpu import asking
from worker.gpu.asking import ObservedDriver
from worker.gpu.discovery import Gpu, GpuError, chosen
from worker.gpu.readings import Reading, gpus_of, mig_minors, state_of

Ask = Callable[..., ObservedDriver]
MINORS = """\
config 1
monitor 2
gpu0/gi7/access 66
gpu0/gi7/ci0/access 67
gpu0/gi8/access 75
gpu0/gi8/ci0/access 76
gpu1/gi7/access 201
"""


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    made: list[ObservedDriver] = []

    def make(devices: Sequence[Mapping[str, Any]], timeout_s: float = 100.0, **more: Any) -> ObservedDriver:
        visible = {"CUDA_VISIBLE_DEVICES": more.pop("visible")} if "visible" in more else {}
        made.append(ObservedDriver(recorded.record(tmp_path, devices, **more) | visible, timeout_s))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


def reading(device: Mapping[str, Any], **more: Any) -> Reading:
    memory = device["memory"]
    return Reading(device["uuid"], device["name"], device["minor"], memory["total"], memory["free"], **more)


def test_each_gpu_has_its_own_device_file_and_the_shared_ones(ask: Ask) -> None:
    driver = ask([recorded.card(3), recorded.small_card(0)])
    first, second = driver.gpus()
    assert (first.uuid, first.name, first.memory_mib) == ("GPU-3aaa-bbb", "NVIDIA H100 80GB HBM3", 81920)
    shared = ["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"]
    assert [str(node) for node in first.nodes] == ["/dev/nvidia3", *shared]
    assert str(second.nodes[0]) == "/dev/nvidia0"
    # a card that knows nothing of ECC and MIG is well all the same
    state = driver.state(second)
    assert (state.memory_mib, state.free_mib, state.used_mib, state.errors) == (8192, 7168, 1024, ())


def test_a_gpu_that_is_cut_is_its_instances_each_with_its_own_capability_files(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minors = tmp_path / "mig-minors"
    minors.write_text(MINORS)
    monkeypatch.setattr(asking, "MIG_MINORS", minors)
    on_second = recorded.process(77, recorded.GIB, gpu_instance=8)
    driver = ask([recorded.cut_card(0, 2, processes=[on_second]), recorded.card(1)])
    first, second, whole = driver.gpus()
    assert [gpu.uuid for gpu in (first, second, whole)] == ["MIG-00ee-fff", "MIG-01ee-fff", "GPU-1aaa-bbb"]
    assert (first.memory_mib, first.board, whole.board) == (10240, "GPU-0aaa-bbb", "")
    caps = [[node.name for node in gpu.nodes if "cap" in node.name] for gpu in (first, second, whole)]
    assert caps == [["nvidia-cap66", "nvidia-cap67"], ["nvidia-cap75", "nvidia-cap76"], []]
    assert first.nodes[0] == Path("/dev/nvidia0")
    assert [entry.pid for entry in driver.state(second).processes] == [77]
    assert driver.state(first).processes == ()


def test_an_instance_that_was_taken_apart_is_said() -> None:
    gpu = Gpu("MIG-gone", "x", 1, (), board="GPU-0aaa-bbb")
    with pytest.raises(GpuError, match="cut anew"):
        state_of(reading(recorded.card(0), mig=True), gpu)


def test_a_gpu_that_is_not_listed_any_more_is_said(ask: Ask, tmp_path: Path) -> None:
    driver = ask([recorded.card(0)])
    (gpu,) = driver.gpus()
    recorded.record(tmp_path, [])
    with pytest.raises(GpuError, match="does not list"):
        driver.state(gpu)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"uncorrected_ecc": 2}, "2 uncorrected memory errors"),
        ({"remap_failed": True}, "must be exchanged"),
        ({"remap_pending": True}, "reset"),
        ({"pages_pending": True}, "reset"),
        ({"xids": (79, 79)}, "Xid 79"),
    ],
)
def test_errors_that_only_a_reset_ends_are_told(more: dict[str, Any], says: str) -> None:
    told = reading(recorded.card(0), **more)
    (error,) = state_of(told, gpus_of([told], {})[0]).errors
    assert says in error


def test_faults_arrive_and_those_of_programs_are_no_fault_of_the_gpu(ask: Ask, tmp_path: Path) -> None:
    driver = ask([recorded.card(0), recorded.card(1)])
    first, second = driver.gpus()
    recorded.record(tmp_path, [recorded.card(0), recorded.card(1)], events=[[1, 13], [1, 31], [1, 48]])
    assert driver.state(first).errors == ()
    assert driver.state(second).errors == ("Xid 48",)
    assert driver.state(second).errors == ("Xid 48",)  # it stays until somebody starts anew
    recorded.record(tmp_path, [recorded.card(0), recorded.card(1)])
    driver.start_anew()
    assert driver.state(second).errors == ()


@pytest.mark.parametrize(
    ("visible", "numbers"),
    [("0", [0]), ("1,0", [1, 0]), ("GPU-1", [1]), ("", []), ("-1", []), ("1,7,0", [1]), ("GPU-", []), (None, [0, 1])],
)
def test_cuda_visible_devices_is_obeyed(visible: str | None, numbers: list[int]) -> None:
    found = gpus_of([reading(recorded.card(number)) for number in (0, 1)], {})
    assert [gpu.uuid for gpu in chosen(found, visible)] == [f"GPU-{number}aaa-bbb" for number in numbers]


def test_the_variable_reaches_who_asks(ask: Ask) -> None:
    assert [gpu.uuid for gpu in ask([recorded.card(0), recorded.card(1)], visible="1").gpus()] == ["GPU-1aaa-bbb"]


def test_a_machine_without_the_driver_has_none(ask: Ask) -> None:
    assert ask([], fails="LibraryNotFound").gpus() == ()


@pytest.mark.parametrize("problem", ["DriverNotLoaded", "GpuIsLost"])
def test_a_driver_that_does_not_work_is_said(ask: Ask, tmp_path: Path, problem: str) -> None:
    driver = ask([recorded.card(0)])
    (gpu,) = driver.gpus()
    recorded.record(tmp_path, [recorded.card(0)], fails=problem)
    with pytest.raises(GpuError, match=problem):
        driver.state(gpu)
    recorded.record(tmp_path, [recorded.card(0)])
    assert driver.state(gpu).memory_mib == 81920  # and asked again once it works


def test_a_driver_that_hangs_holds_nobody_up(ask: Ask, tmp_path: Path) -> None:
    driver = ask([recorded.card(0)])
    (gpu,) = driver.gpus()
    driver._timeout_s = 0.2
    recorded.record(tmp_path, [recorded.card(0)], hangs_s=600)
    with pytest.raises(GpuError, match="does not answer within"):
        driver.state(gpu)
    driver._timeout_s = 100.0
    recorded.record(tmp_path, [recorded.card(0)])
    assert driver.state(gpu).memory_mib == 81920


def test_the_minors_of_instances_are_read_as_the_driver_writes_them() -> None:
    assert mig_minors(MINORS)["gpu0/gi8/ci0"] == 76
    assert mig_minors("") == {}


def test_words_that_are_not_understood_are_said() -> None:
    with pytest.raises(GpuError, match="not understood"):
        Reading.from_json({"uuid": "x", "unknown": 1})
