"""Forks one kernel for `grader doctor`, and looks from outside whether it is shut in."""

from __future__ import annotations

import os
from pathlib import Path

from worker.sandbox.errors import KernelStartError, SandboxUnavailable
from worker.sandbox.installation import Installation
from worker.sandbox.warm.parent import ParentFailed, Spare, WarmParent

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
RIGHTS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
SLOWER = "Kernels start from nothing here, which is safe but slower"


def forked_kernel(installation: Installation) -> tuple[bool, str]:
    """Whether all is well, and a sentence. A machine on which nothing can be forked is well: kernels start cold."""
    try:
        parent = WarmParent(installation, ())
    except (SandboxUnavailable, KernelStartError, ParentFailed, OSError) as problem:
        return True, f"{SLOWER}: {problem}"
    try:
        spare = parent.fork()
        try:
            open_to = _faults(parent, spare)
        finally:
            spare.discard()
    except (ParentFailed, OSError) as problem:
        return True, f"{SLOWER}: {problem}"
    finally:
        parent.end()
    if open_to:
        return False, f"A forked kernel has {', '.join(open_to)}."
    return True, "a kernel was forked: namespaces of its own, no rights, filtered system calls"


def _faults(parent: WarmParent, spare: Spare) -> list[str]:
    found = [
        f"the parent's {name} namespace"
        for name in NAMESPACES
        if os.readlink(f"/proc/{spare.pid}/ns/{name}") == os.readlink(f"/proc/{parent.pid}/ns/{name}")
    ]
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{spare.pid}/status").read_text().splitlines() if ":\t" in line
    )
    found += [f"capabilities ({name} {status[name]})" for name in RIGHTS if int(status[name], 16)]
    if status["Seccomp"] != "2":
        found.append("no filter of system calls")
    if status["NoNewPrivs"] != "1":
        found.append("a way to new privileges")
    return found
