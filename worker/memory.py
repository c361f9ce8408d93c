"""The memory of a worker's own processes."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
MIB = 1 << 20


def give_back_freed_memory() -> None:
    """What a large submission took goes back to the system with it.

    Once a block of many MiB was freed, the C library by itself keeps up to 64 MiB for the next such block, in each of
    the arenas that threads have: right for a kernel, which computes, and wrong for a slot that waits for jobs. After
    a flood of output a slot held 124 MiB, of which 65 were free.
    """
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):  # not every C library has it
        allocator.mallopt(M_MMAP_THRESHOLD, MIB)
        allocator.mallopt(M_TRIM_THRESHOLD, 4 * MIB)
        allocator.mallopt(M_ARENA_MAX, 2)
