"""Tries what control groups promise: too much memory kills, too many processes cannot be made."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from worker.contract import Limits
from worker.sandbox.answers import REPORT, Layer
from worker.sandbox.cgroup_places import hierarchies
from worker.sandbox.cgroups import Cgroup, group_of
from worker.sandbox.diagnosis import CGROUP_FIX
from worker.sandbox.errors import KernelStartError
from worker.sandbox.policy import current_policy

NAME = "control groups"
LIMITS = Limits(memory_mib=64, scratch_mib=1, processes=8)
TOO_MUCH_MIB, TOO_MANY = 400, 40
TRIAL_S = 30
GREEDY = f"""
import os, sys, time
sys.stdin.read(1)
count = 0
try:
    while count < {TOO_MANY}:
        if os.fork() == 0:
            os.closerange(0, 3)
            time.sleep(60)
            os._exit(0)
        count += 1
except OSError:
    pass
print(count, flush=True)
held = bytearray({TOO_MUCH_MIB} << 20)
print("lived", flush=True)
"""


def group_layer() -> Layer:
    need = current_policy().layers.control_groups
    found = sorted({f"{place.controller or 'all'} (version {place.version})" for place in hierarchies()})
    if not found:
        return Layer(NAME, False, "None can be made; memory is kept by the watcher alone.", CGROUP_FIX, need)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", GREEDY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        group = group_of(process.pid, LIMITS)
    except (KernelStartError, OSError) as problem:
        _end(process)
        return Layer(NAME, False, str(problem), CGROUP_FIX, need)
    try:
        wrong = _what_is_wrong(process, group)
    finally:
        _end(process)
        group.remove()
    if wrong:
        return Layer(NAME, False, wrong, REPORT, need)
    return Layer(NAME, True, f"{', '.join(found)}: too much memory kills, too many processes cannot be made", "", need)


def _what_is_wrong(process: subprocess.Popen[bytes], group: Cgroup) -> str:
    controllers = {place.controller for place in hierarchies()}
    try:
        told, _ = process.communicate(b"x", timeout=TRIAL_S)
    except subprocess.TimeoutExpired:
        return f"A process in a group did not end within {TRIAL_S} s."
    words = told.split()
    if controllers & {"", "pids"} and words and int(words[0]) >= TOO_MANY:
        return f"A group with at most {LIMITS.processes} processes let {TOO_MANY} be made."
    if controllers & {"", "memory"} and (b"lived" in words or not group.killed_for_memory()):
        return f"A group of {LIMITS.memory_mib} MiB let a process have {TOO_MUCH_MIB} MiB."
    return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
