"""Where the parts of a Python environment lie, as the interpreter itself tells."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from worker.environments import Environment
from worker.gpu.discovery import Gpu
from worker.sandbox.errors import SandboxUnavailable

INSIDE = Path(__file__).parent / "inside"
JAIL_ENVIRONMENT = Path("/opt/env")
JAIL_INSIDE = Path("/opt/grader")

_QUESTION = """
import json, sys
print(json.dumps([sys.prefix, sys.base_prefix, sys.executable, sys._base_executable, list(sys.version_info[:2])]))
"""


@dataclass(frozen=True)
class Installation:
    """One environment as the jail shows it: what to mount where, and what to execute."""

    mounts: tuple[tuple[Path, Path], ...]  # (on the host, in the jail), all read-only
    python: Path  # in the jail
    host_python: Path
    version: tuple[int, int]
    gpu: Gpu | None = None


def installation_of(environment: Environment) -> Installation:
    """With the GPU that the environment has been given. Raises SandboxUnavailable."""
    return replace(find_installation(environment.interpreter), gpu=environment.gpu)


def find_installation(interpreter: Path) -> Installation:
    """Asks the interpreter, once for each file that it has been. Raises SandboxUnavailable."""
    try:
        changed_ns = interpreter.stat().st_mtime_ns
    except OSError:
        raise SandboxUnavailable(
            f"The students' Python {interpreter} does not exist.",
            "Create it (make setup), or correct environments.toml.",
        ) from None
    return _ask(interpreter, changed_ns)


@functools.lru_cache(maxsize=32)
def _ask(interpreter: Path, changed_ns: int) -> Installation:
    try:
        told = subprocess.run(
            [str(interpreter), "-I", "-c", _QUESTION], capture_output=True, timeout=60, check=True, env={}, cwd="/"
        ).stdout
        prefix, base, executable, base_executable, version = json.loads(told)
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise SandboxUnavailable(
            f"The students' Python {interpreter} does not run ({type(problem).__name__}).",
            "Create it anew (make setup), or correct environments.toml.",
        ) from None
    if tuple(version) < (3, 10):
        raise SandboxUnavailable(
            f"The students' Python {interpreter} is {version[0]}.{version[1]}; 3.10 or later is needed.",
            "Create the environment with a newer Python.",
        )
    mounts = _base_mounts(Path(base), Path(base_executable), interpreter)
    python = Path(executable)
    if prefix != base:
        mounts += ((Path(prefix), JAIL_ENVIRONMENT),)
        python = JAIL_ENVIRONMENT / python.relative_to(prefix)
    return Installation(mounts, python, interpreter, (version[0], version[1]))


def _base_mounts(base: Path, executable: Path, interpreter: Path) -> tuple[tuple[Path, Path], ...]:
    """The base interpreter keeps its own path in the jail: links in a virtual environment point there.

    Some installers reach it through further links (`cpython-3.11-linux` to `cpython-3.11.7-linux`), so it is
    mounted at each name under which the environment may look for it.
    """
    names = {base, base.resolve(), executable.parent.parent}
    link = interpreter
    while link.is_symlink():
        link = link.parent / os.readlink(link)
        names.add(Path(os.path.normpath(link)).parent.parent)
    wanted = [name for name in names if not _within(name, Path("/usr")) and name.resolve() == base.resolve()]
    return tuple((base.resolve(), name) for name in sorted(wanted))


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
