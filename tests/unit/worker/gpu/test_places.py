"""Each process of a worker has a place on a device, and each job as much of it as it asks for."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from worker.gpu.discovery import Gpu
from worker.gpu.places import Places, Sharing

GPU = Gpu("GPU-a", "NVIDIA H100", 80_000, ())


@pytest.mark.parametrize(
    ("slot_mib", "slots", "of_small", "of_large"),
    [(0, 1, 1, 1), (10_000, 8, 1, 4), (80_000, 1, 1, 1), (200_000, 1, 1, 1), (30_000, 2, 1, 2)],
)
def test_a_device_has_as_many_slots_as_its_memory_allows(
    slot_mib: int, slots: int, of_small: int, of_large: int
) -> None:
    sharing = Sharing(slot_mib)
    assert sharing.slots(GPU) == slots
    assert (sharing.shares(GPU, 500), sharing.shares(GPU, 40_000)) == (of_small, of_large)


def hold(folder: Path, told: Any, done: Any) -> None:
    places = Places(folder, Sharing(40_000))
    told.put(places.bind(GPU) is not None)
    done.wait(120)


def test_a_place_is_held_by_one_process_and_is_free_again_however_that_ended(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    told, done = context.Queue(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, told, done))
    other.start()
    places = Places(tmp_path, Sharing(40_000))
    try:
        assert told.get(timeout=120)
        assert places.bind(GPU) is not None
        assert places.bind(GPU) is None  # two slots, both bound
    finally:
        other.kill()
        other.join(60)
    assert places.bind(GPU) is not None
    told.close()
    told.join_thread()


def test_a_job_takes_all_of_its_shares_or_none(tmp_path: Path) -> None:
    small, large = Places(tmp_path, Sharing(20_000)), Places(tmp_path, Sharing(20_000))
    with small.take(GPU, 1_000, 0):
        assert small.alone(GPU)
        assert not large.alone(GPU)
        with pytest.raises(TimeoutError, match="4 of 4 slots"), large.take(GPU, 80_000, 0):
            pass
        with large.take(GPU, 60_000, 0):  # what the one that was refused had taken is free again
            assert not small.alone(GPU)
    with large.take(GPU, 80_000, 0):
        assert large.alone(GPU)


def test_a_job_waits_for_its_share_and_gives_up_when_there_is_no_more_use(tmp_path: Path) -> None:
    first, second = Places(tmp_path, Sharing()), Places(tmp_path, Sharing())
    taken, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        with second.take(GPU, 1, 120):
            taken.set()

    with first.take(GPU, 1, 0):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert begun.wait(60)
        assert not taken.is_set()
        before = time.monotonic()
        with pytest.raises(TimeoutError), Places(tmp_path, Sharing()).take(GPU, 1, 600, given_up=lambda: True):
            pass
        assert time.monotonic() - before < 300
    assert taken.wait(60)
    waiting.join(60)
