"""A worker that has more slots than GPUs does not start."""

from __future__ import annotations

import re

import pytest

from tests.support.recorded_gpus import Machine
from worker.gpu.places import Sharing
from worker.gpu.slots import check_slots
from worker.gpu.use import NoGpu


def broken() -> Machine:
    machine = Machine()
    machine.trouble = "the driver does not work"
    return machine


def test_a_worker_of_the_queue_cpu_needs_no_gpu_and_does_not_ask_for_one() -> None:
    check_slots(["cpu"], 8, broken())


@pytest.mark.parametrize("queues", [["gpu"], ["cpu", "gpu"]])
def test_a_gpu_for_each_slot_is_enough(queues: list[str]) -> None:
    check_slots(queues, 2, Machine("GPU-a", "GPU-b"))
    check_slots(queues, 1, Machine("GPU-a", "GPU-b"))


@pytest.mark.parametrize(
    ("queues", "gpus", "says", "fix"),
    [
        (["gpu"], ["GPU-a"], "3 slots.*this machine has 1", "--concurrency 1`"),
        (
            ["cpu", "gpu"],
            ["GPU-a", "GPU-b"],
            "3 slots.*this machine has 2",
            "--queues gpu --concurrency 2`.*--queues cpu",
        ),
        (["gpu"], [], "3 slots.*has none that may be used", "--queues cpu`"),
    ],
)
def test_more_slots_than_gpus_are_refused_with_what_to_do(
    queues: list[str], gpus: list[str], says: str, fix: str
) -> None:
    with pytest.raises(NoGpu, match=says) as caught:
        check_slots(queues, 3, Machine(*gpus))
    assert re.search(fix, caught.value.fix)


def test_a_driver_that_does_not_work_is_named() -> None:
    with pytest.raises(NoGpu, match="does not work"):
        check_slots(["gpu"], 1, broken())


def test_a_device_that_is_shared_has_several_slots() -> None:
    check_slots(["gpu"], 8, Machine("GPU-a", "GPU-b"), Sharing(20_000))
    with pytest.raises(NoGpu, match=r"9 slots.*has 2 with 8 slots of 20000 MiB"):
        check_slots(["gpu"], 9, Machine("GPU-a", "GPU-b"), Sharing(20_000))
