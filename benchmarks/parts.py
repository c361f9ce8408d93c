"""What each part of a running service has used so far: processor time, memory, processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

# Words of the command line of the supervisor's own children, and what they are.
NAMES = {"redis-server": "redis", "gunicorn": "web", "recorder": "recorder", "worker": "worker"}


@dataclass(frozen=True)
class Part:
    """`cpu_s`: of its processes, also of those that have ended. `mib`: private to them."""

    cpu_s: float
    mib: float
    processes: int


def parts_of(supervisor: psutil.Process) -> dict[str, Part]:
    """The supervisor's children by name, each with all that it started; what it had to bury itself is `others`."""
    found: dict[str, Part] = {}
    try:
        own = supervisor.cpu_times()
        children = supervisor.children()
    except psutil.NoSuchProcess:
        return found
    # Whoever was killed has no parent that buries it but the supervisor.
    found["others"] = Part(sum(own[:4]), _mib(supervisor), 1)
    for child in children:
        part = _whole(child)
        name = _name(child)
        before = found.get(name, Part(0.0, 0.0, 0))
        found[name] = Part(before.cpu_s + part.cpu_s, before.mib + part.mib, before.processes + part.processes)
    return found


def rows(began: Mapping[str, Part], ended: Mapping[str, Part], most_mib: Mapping[str, float], runs: int) -> list[str]:
    """A line for each part: what it used between two looks, of that for each of `runs`, and the most memory."""
    lines = []
    for name in sorted(ended, key=lambda name: -ended[name].cpu_s):
        spent = ended[name].cpu_s - (began[name].cpu_s if name in began else 0.0)
        each = f"{1000 * spent / max(runs, 1):7.1f} ms a run"
        lines.append(f"  {name:10} {max(spent, 0.0):7.1f} s of processors, {each}, at most {most_mib[name]:6.0f} MiB")
    return lines


def _whole(process: psutil.Process) -> Part:
    cpu_s = mib = 0.0
    number = 0
    try:
        members = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        members = []
    for member in members:
        try:
            cpu_s += sum(member.cpu_times()[:4])  # its own, and that of children which it has buried
        except psutil.NoSuchProcess:
            continue
        mib += _mib(member)
        number += 1
    return Part(cpu_s, mib, number)


def _mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 2**20
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def _name(process: psutil.Process) -> str:
    try:
        line = " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        line = ""
    return next((name for words, name in NAMES.items() if words in line), "others")
