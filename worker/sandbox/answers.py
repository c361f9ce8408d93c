"""What a process in a jail is asked, and what its answers say about the layers of the jail."""

from __future__ import annotations

import functools
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.contract import Limits
from worker.sandbox import bubblewrap, seccomp
from worker.sandbox.identity import jail_uid
from worker.sandbox.installation import INSIDE, Installation
from worker.sandbox.policy import Need, current_policy

LIMITS = Limits(memory_mib=256, scratch_mib=16, processes=16)
REPORT = "Please report this: the jail was made, but does not hold."


@dataclass(frozen=True)
class Layer:
    """`need` as in the policy: a layer that is only preferred may be missing."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    need: Need = "required"


# runs in the jail; each answer is what the thing that must not work said
QUESTIONS = """
import json, os, socket

def told(action):
    try:
        return ["works", str(action())[:200]]
    except Exception as problem:
        return ["refused", type(problem).__name__ + ": " + str(problem)[:200]]

def forks():
    count = 0
    while count < 100:
        if os.fork() == 0:
            import time
            time.sleep(10)
            os._exit(0)
        count += 1

def fill():
    for number in range(SCRATCH + 8):
        with open(os.path.expanduser(f"~/{number}"), "wb") as file:
            file.write(b"x" * (1 << 20))

answers = {
    "network": told(lambda: socket.create_connection(("127.0.0.1", PORT), 3)),
    "vsock": told(lambda: socket.socket(40, socket.SOCK_STREAM)),
    "passwd": told(lambda: open("/etc/passwd").read()),
    "host": [path for path in HIDDEN if os.path.lexists(path)],
    "write": told(lambda: open("/usr/x", "w")),
    "owner": os.stat("/usr/bin").st_uid == os.getuid(),
    "caps": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")][0],
    "cgroup": os.readlink("/proc/self/ns/cgroup"),
    "seccomp": [line.split()[1] for line in open("/proc/self/status") if line.startswith("Seccomp:")][0],
    "pids": sum(name.isdigit() for name in os.listdir("/proc")),
    "memory": told(lambda: len(bytearray(GIANT))),
    "scratch": told(fill),
    "processes": told(forks),
}
print(json.dumps(answers))
"""


@contextmanager
def questions(installation: Installation, giant_bytes: int) -> Iterator[str]:
    """Python code that prints the answers, while there is a service on this machine that it must not reach.
    `giant_bytes`: more than it may allocate."""
    hidden = [
        str(path) for path in (INSIDE.parents[2], Path.home(), Path("/etc/shadow"), Path("/var"), Path("/sys/fs"))
    ]
    # the base interpreter keeps its path, so folders above it are there, empty
    shown = [*(str(place) for _, place in installation.mounts), bubblewrap.HOME, "/tmp/"]
    hidden = [path for path in hidden if not any(place.startswith(path + "/") for place in shown)]
    with socket.create_server(("127.0.0.1", 0)) as service:
        head = f"PORT, GIANT, SCRATCH = {service.getsockname()[1]}, {giant_bytes}, {LIMITS.scratch_mib}\n"
        yield f"{head}HIDDEN = {hidden!r}\n{QUESTIONS}"


def layers_of(answers: dict[str, Any]) -> list[Layer]:
    return [check(answers) for check in CHECKS]


def _refusal(name: str, key: str, what: str, answers: dict[str, Any]) -> Layer:
    verdict, said = answers[key]
    if verdict == "refused":
        return Layer(name, True, f"{what}: {said}")
    return Layer(name, False, f"{what} worked in the jail.", REPORT)


def _files(answers: dict[str, Any]) -> Layer:
    ours, theirs = Path("/etc/passwd").read_text(encoding="utf-8", errors="replace"), answers["passwd"][1]
    if answers["host"]:
        return Layer("files", False, f"The jail shows {answers['host'][0]} of this machine.", REPORT)
    if theirs in ours:
        return Layer("files", False, "The jail shows /etc/passwd of this machine.", REPORT)
    return Layer("files", True, "neither this machine's /etc/passwd nor the grader's own files can be seen")


def _privileges(answers: dict[str, Any]) -> Layer:
    if answers["owner"]:  # files of the system are owned by root, so this is root in disguise
        fix = "Run the worker as an ordinary user, or set GRADER_JAIL_UID to a uid that owns nothing."
        return Layer("privileges", False, "The jail runs as root.", fix)
    if int(answers["caps"], 16):
        return Layer("privileges", False, f"The jail has capabilities: {answers['caps']}.", REPORT)
    return Layer("privileges", True, f"runs as uid {os.getuid() or jail_uid()}, with no capabilities")


def _processes(answers: dict[str, Any]) -> Layer:
    if answers["pids"] > 3:
        return Layer("processes", False, f"The jail sees {answers['pids']} processes.", REPORT)
    return Layer("processes", True, "processes outside cannot be seen")


def _system_calls(answers: dict[str, Any]) -> Layer:
    if answers["seccomp"] != "2":
        known = ", ".join(seccomp.ARCHITECTURES)
        need = current_policy().layers.system_call_filter
        return Layer("system calls", False, f"No filter for {os.uname().machine}.", f"Use one of: {known}.", need)
    return _refusal("system calls", "vsock", "a socket to the hypervisor", answers)


def _cgroup_namespace(answers: dict[str, Any]) -> Layer:
    need = current_policy().layers.cgroup_namespace
    if answers["cgroup"] == os.readlink("/proc/self/ns/cgroup"):
        return Layer("control group names", False, "The jail sees the names of control groups outside.", REPORT, need)
    return Layer("control group names", True, "those outside cannot be seen", "", need)


CHECKS: tuple[Callable[[dict[str, Any]], Layer], ...] = (
    functools.partial(_refusal, "network", "network", "a connection to a service of this machine"),
    _files,
    functools.partial(_refusal, "read-only system", "write", "writing to /usr"),
    _privileges,
    _processes,
    _system_calls,
    _cgroup_namespace,
    functools.partial(_refusal, "address space", "memory", "an allocation of more memory than allowed"),
    functools.partial(_refusal, "scratch space", "scratch", "writing more than the scratch space"),
    functools.partial(_refusal, "process limit", "processes", "starting more processes than allowed"),
)
