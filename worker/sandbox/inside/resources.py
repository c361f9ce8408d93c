"""The limits that a process sets on itself; with no privilege it can never raise them again."""

import ctypes
import resource
import signal

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


def apply_limits(limits):
    """`limits`: name after RLIMIT_ -> value for both the soft and the hard limit; lower hard limits stay."""
    for name, wanted in limits.items():
        kind = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def die_with_parent():
    """For kernels without a jail: no kernel outlives its worker."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
