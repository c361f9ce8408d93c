"""The limits that a process sets on itself; with no privilege it can never raise them again."""

import ctypes
import resource
import signal

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
MADV_HUGEPAGE = 14
MIB = 1 << 20
HUGE = 2 * MIB
SMALL = HUGE  # at the beginning of the room: an idle kernel must not take a huge page for a few objects
MOST_BLOCKS = 64
ROOM, STOCK_TOP_PAD = 48 * MIB, 128 << 10  # less than what is kept, or the room would be given back


def apply_limits(limits):
    """`limits`: name after RLIMIT_ -> value for both the soft and the hard limit; lower hard limits stay."""
    for name, wanted in limits.items():
        kind = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def keep_freed_memory():
    """An array that is freed makes room for the next, instead of going back to the system, which would have to hand out
    and clear each page anew: half of what a product of two large matrices takes.

    The C library comes to the same thresholds by itself once a block of 32 MiB was freed.
    """
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):  # not every C library has it
        allocator.mallopt(M_MMAP_THRESHOLD, 32 * MIB)
        allocator.mallopt(M_TRIM_THRESHOLD, 64 * MIB)


def make_room():
    """Grows the heap of this process's main thread by room that comes in huge pages: what a notebook writes there costs
    one page fault for 2 MiB and not for 4 KiB. It takes addresses, and no memory before it is used.

    Large arrays of NumPy alone would do without: it asks for huge pages itself, which fit them by halves only. After
    `keep_freed_memory`.
    """
    allocator = ctypes.CDLL(None)
    if not (hasattr(allocator, "mallopt") and hasattr(allocator, "sbrk")):
        return
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    allocator.malloc.restype, allocator.malloc.argtypes, allocator.free.argtypes = pointer, [size], [pointer]
    allocator.sbrk.restype, allocator.sbrk.argtypes = pointer, [ctypes.c_ssize_t]
    allocator.madvise.argtypes = [pointer, size, ctypes.c_int]
    allocator.mallopt(M_TOP_PAD, ROOM)
    end, blocks = allocator.sbrk(0), []
    while allocator.sbrk(0) == end and len(blocks) < MOST_BLOCKS:  # there may be gaps to fill first
        blocks.append(allocator.malloc(MIB))
    first, last = -(-(blocks[-1] + MIB + SMALL) // HUGE) * HUGE, allocator.sbrk(0) // HUGE * HUGE
    if end <= first < last:
        allocator.madvise(first, last - first, MADV_HUGEPAGE)
    for block in blocks:
        allocator.free(block)
    allocator.mallopt(M_TOP_PAD, STOCK_TOP_PAD)


def die_with_parent():
    """For kernels without a jail: no kernel outlives its worker."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
