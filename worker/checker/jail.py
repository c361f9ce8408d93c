"""The jail around the parent of checkers: the service's Python, our packages, the assignments; nothing to write to."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from worker.checker.limits import SYSTEM_CALLS, CheckerLimits
from worker.contract import Limits
from worker.sandbox import bubblewrap, seccomp
from worker.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.identity import as_ordinary_user, jail_uid
from worker.sandbox.installation import Installation, find_installation
from worker.sandbox.jail import Started, spawn
from worker.sandbox.policy import current_policy

ROOT = Path(__file__).resolve().parents[2]
CODE = Path("/opt/checker")  # in the jail
PACKAGES = Path("/opt/packages")
SHOWN = ("assignments", "reference", "worker/checker/inside", "worker/sandbox/inside")
PROGRAM = "worker/checker/inside/parent.py"
NO_SPACE = Limits(scratch_mib=1)


@dataclass(frozen=True)
class Layout:
    """Where a checker sees things."""

    code: Path
    packages: Path


def start_parent(packages: Path, limits: CheckerLimits, *, unsafe: bool) -> tuple[Started, socket.socket]:
    """The parent's process and the socket to it. It dies with the *thread* that calls this.

    Raises SandboxUnavailable where there can be no jail.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.ExitStack() as undo:
        undo.callback(ours.close)
        with theirs:
            started = _unjailed(packages, limits, theirs) if unsafe else _jailed(packages, limits, theirs)
        undo.pop_all()
    return started, ours


def _jailed(packages: Path, limits: CheckerLimits, control: socket.socket) -> Started:
    _look_at(packages)
    installation = find_installation(Path(sys.executable))
    bwrap = find_bubblewrap()
    files = {str(CODE / name): ROOT / name for name in SHOWN} | {str(PACKAGES): packages.resolve()}
    with contextlib.ExitStack() as opened:
        filter_fd = seccomp.in_memory(checker_filter())
        opened.callback(os.close, filter_fd)
        arguments = jail_arguments(bwrap, installation, files)
        program = [str(installation.python), *_arguments(Layout(CODE, PACKAGES), control, filter_fd, limits)]
        line = as_ordinary_user(bwrap, arguments, program, installation, files)
        return spawn(line, [control.fileno(), filter_fd], {}, "/", subprocess.DEVNULL)


def _unjailed(packages: Path, limits: CheckerLimits, control: socket.socket) -> Started:
    """The same process with no jail around it, for machines where none can be had and somebody insists."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        command = [sys.executable, *_arguments(Layout(ROOT, packages.resolve()), control, nothing, limits)]
        return spawn(command, [control.fileno(), nothing], variables(), "/", subprocess.DEVNULL)
    finally:
        os.close(nothing)


def _arguments(layout: Layout, control: socket.socket, filter_fd: int, limits: CheckerLimits) -> list[str]:
    program = [str(layout.code / PROGRAM), str(layout.code), str(layout.packages)]
    return ["-I", *program, str(control.fileno()), str(filter_fd), json.dumps(limits.resources())]


def jail_arguments(bwrap: Bubblewrap, installation: Installation, files: dict[str, Path]) -> list[str]:
    """The arguments between `bwrap` and the command."""
    arguments = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"),
        *("--uid", str(bubblewrap.UID), "--gid", str(bubblewrap.UID), "--hostname", "checker"),
    ]
    if bwrap.disables_userns:
        arguments.append("--disable-userns")
    for name, value in variables().items():
        arguments += ["--setenv", name, value]
    shown = bubblewrap.file_system(installation, NO_SPACE)
    proc = shown.index("--proc")
    arguments += [*shown[:proc], *shown[proc + 2 :]]  # nobody needs to see a process, not even its own
    for place, host in files.items():
        arguments += ["--ro-bind", str(host), place]
    for place in (bubblewrap.HOME, "/dev/shm", "/dev", "/"):
        arguments += ["--remount-ro", place]
    return [*arguments, "--chdir", "/"]


def variables() -> dict[str, str]:
    """The whole environment of a checker."""
    return {
        "HOME": "/",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def checker_filter() -> bytes:
    """Taken on by each checker: the parent, which forks them, has none. b"" on a machine for which there is none."""
    architecture = seccomp.this_architecture()
    if architecture is None:
        return b""
    return seccomp.build_filter(architecture, current_policy(), unnoticed=SYSTEM_CALLS)


def _look_at(packages: Path) -> None:
    """Checks do not run as root, so they read what anybody may read."""
    mode = packages.stat().st_mode
    if os.geteuid() == 0 and mode & (stat.S_IROTH | stat.S_IXOTH) != stat.S_IROTH | stat.S_IXOTH:
        raise SandboxUnavailable(
            f"{packages} cannot be read by user {jail_uid()}, under whom checks run.", f"chmod -R o+rX {packages}"
        )


__all__ = ["CODE", "PACKAGES", "Layout", "start_parent"]
