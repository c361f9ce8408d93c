"""The rule of where a run waits that can do with or without a GPU, for any state of the queues."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.queueing.routing import Side, choose, moves
from worker.contract import Queue

SIDES = st.builds(
    Side,
    slots=st.integers(0, 40),
    runs=st.integers(0, 200),
    work_s=st.floats(0, 1e5, allow_nan=False),
)
quick = settings(derandomize=True, max_examples=80, deadline=None, database=None)


@given(SIDES, SIDES)
@quick
def test_who_needs_a_gpu_always_waits_for_one_and_who_needs_none_never_takes_one(cpu: Side, gpu: Side) -> None:
    assert choose("gpu", cpu, gpu) is Queue.GPU
    assert choose("cpu", cpu, gpu) is Queue.CPU


@given(SIDES, SIDES)
@quick
def test_who_can_do_with_either_waits_where_it_is_shorter(cpu: Side, gpu: Side) -> None:
    chosen = choose("gpu-or-cpu", cpu, gpu)
    there, elsewhere = (gpu, cpu) if chosen is Queue.GPU else (cpu, gpu)
    assert there.wait_s <= elsewhere.wait_s
    if not gpu.slots or cpu.free:  # no GPU is taken for nothing
        assert chosen is Queue.CPU


def test_a_queue_that_nobody_takes_jobs_from_is_never_the_shorter_one() -> None:
    assert Side(0).wait_s == math.inf
    assert choose("gpu-or-cpu", Side(0), Side(1, 900, 1e6)) is Queue.GPU
    assert choose("gpu-or-cpu", Side(0), Side(0)) is Queue.CPU


@given(SIDES, SIDES, st.integers(0, 30), st.integers(0, 30))
@quick
def test_runs_change_sides_only_to_where_they_begin_sooner(cpu: Side, gpu: Side, on_cpu: int, on_gpu: int) -> None:
    lists = [f"c{n}" for n in range(on_cpu)], [f"g{n}" for n in range(on_gpu)]
    moved = moves(cpu, gpu, *lists)
    to = {queue: [run for run, target in moved if target is queue] for queue in Queue}
    assert not (to[Queue.CPU] and to[Queue.GPU])
    assert len({run for run, _ in moved}) == len(moved)
    for queue, target, source, come in ((Queue.GPU, gpu, cpu, lists[0]), (Queue.CPU, cpu, gpu, lists[1])):
        assert to[queue] == come[: len(to[queue])]  # the first ones, in their order
        if to[queue] and source.slots:
            assert len(to[queue]) <= target.free
            assert len(to[queue]) <= source.surplus


@pytest.mark.parametrize(
    ("cpu", "gpu", "moved"),
    [
        (Side(4, 1, 30.0), Side(0), [("g0", Queue.CPU), ("g1", Queue.CPU)]),  # the GPUs are gone
        (Side(2, 9, 270.0), Side(1), [("c0", Queue.GPU)]),  # one GPU has nothing to do
        (Side(2, 0), Side(1, 3, 90.0), [("g0", Queue.CPU), ("g1", Queue.CPU)]),
        (Side(2, 0), Side(1, 1, 10.0), []),  # the one that waits there is about to begin
        (Side(2, 2, 60.0), Side(1, 1, 30.0), []),  # both are busy: everybody stays
        (Side(2, 1, 30.0), Side(1, 0), []),
    ],
)
def test_examples_of_who_changes_sides(cpu: Side, gpu: Side, moved: list[tuple[str, Queue]]) -> None:
    assert moves(cpu, gpu, ["c0", "c1"], ["g0", "g1"]) == moved


@given(SIDES, SIDES, st.integers(0, 8), st.integers(0, 8))
@quick
def test_nobody_goes_to_and_fro(cpu: Side, gpu: Side, on_cpu: int, on_gpu: int) -> None:
    """After the moves were made, the same look moves nobody back."""
    each_s = 10.0
    lists = [f"c{n}" for n in range(on_cpu)], [f"g{n}" for n in range(on_gpu)]
    cpu = Side(cpu.slots, cpu.runs + on_cpu, (cpu.runs + on_cpu) * each_s)
    gpu = Side(gpu.slots, gpu.runs + on_gpu, (gpu.runs + on_gpu) * each_s)
    moved = moves(cpu, gpu, *lists)
    to_gpu = [run for run, target in moved if target is Queue.GPU]
    to_cpu = [run for run, target in moved if target is Queue.CPU]
    more = len(to_gpu) - len(to_cpu)
    after_cpu = Side(cpu.slots, cpu.runs - more, (cpu.runs - more) * each_s)
    after_gpu = Side(gpu.slots, gpu.runs + more, (gpu.runs + more) * each_s)
    again = moves(after_cpu, after_gpu, [], to_gpu) + moves(after_cpu, after_gpu, to_cpu, [])
    if gpu.slots and cpu.slots:
        assert again == []
