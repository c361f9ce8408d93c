"""Several notebooks are graded at once, each in a thread of its own."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from assignments.bindings import bound_names

CELL = "\n".join(f"a{i} = np.array([[{i} + b * (c - {i})]])" for i in range(20))


@pytest.fixture
def threads_change_in_the_middle_of_parsing() -> Iterator[None]:
    """The garbage collector runs while a syntax tree is built, and its callback lets other threads go on."""
    before = gc.get_threshold()

    def let_others_run(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    gc.callbacks.append(let_others_run)
    gc.set_threshold(20)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(let_others_run)


@pytest.mark.usefixtures("threads_change_in_the_middle_of_parsing")
def test_cells_are_parsed_in_many_threads_at_once() -> None:
    def parse(_: int) -> int:
        return min(len(bound_names(CELL)) for _ in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(parse, range(8))) == [20] * 8
