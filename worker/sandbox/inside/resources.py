"""The limits that a process sets on itself; with no privilege it can never raise them again."""

import ctypes
import resource
import signal

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MIB = 1 << 20


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


def die_with_parent():
    """For kernels without a jail: no kernel outlives its worker."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
