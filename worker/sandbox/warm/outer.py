"""The jail around the warm parent: like a kernel's, but with the rights that it takes to make jails inside it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from worker.contract import Limits
from worker.sandbox import bubblewrap, fonts, seccomp
from worker.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from worker.sandbox.identity import as_ordinary_user
from worker.sandbox.installation import JAIL_INSIDE, Installation
from worker.sandbox.jail import Started, spawn
from worker.settings import gpu_ahead

# to make namespaces and mounts, to bring up the loopback interface, to give all of it up for ever
RIGHTS = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETPCAP")
OWN_SPACE = Limits(scratch_mib=64)  # of the parent itself; each kernel gets its own


def parent_arguments(bwrap: Bubblewrap, installation: Installation, font_list: Path | None) -> list[str]:
    """The arguments between `bwrap` and the command."""
    arguments = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"),
        *("--uid", str(bubblewrap.UID), "--gid", str(bubblewrap.UID), "--hostname", "notebook"),
        *(part for right in RIGHTS for part in ("--cap-add", right)),
    ]
    for name, value in bubblewrap.environment_variables(installation).items():
        arguments += ["--setenv", name, value]
    if installation.gpu is not None and gpu_ahead():
        arguments += ["--setenv", "GRADER_CUDA_AHEAD", "1"]  # the parent itself takes it out, and leaves CUDA alone
    arguments += bubblewrap.file_system(installation, OWN_SPACE)
    if font_list is not None:
        arguments += ["--ro-bind", str(font_list), f"{bubblewrap.CACHE}/matplotlib/{font_list.name}"]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", bubblewrap.WORK]


def start_parent(installation: Installation, preload: Sequence[str]) -> tuple[Started, socket.socket]:
    """The parent's process and the socket to it. It dies with the *thread* that calls this.

    Raises SandboxUnavailable where there is no bubblewrap.
    """
    bwrap = find_bubblewrap()
    font_list = fonts.font_list(installation)
    arguments = parent_arguments(bwrap, installation, font_list)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    filter_fd = seccomp.filter_descriptor(gpu=installation.gpu is not None)
    if filter_fd is None:  # a machine for which there is no filter: an empty one, as without
        filter_fd = os.open(os.devnull, os.O_RDONLY)
    try:
        program = str(JAIL_INSIDE / "zygote.py")
        command = [str(installation.python), "-I", program, str(theirs.fileno()), str(filter_fd), *preload]
        files = {} if font_list is None else {font_list.name: font_list}
        line = as_ordinary_user(bwrap, arguments, command, installation, files)
        return spawn(line, [theirs.fileno(), filter_fd], {}, "/", subprocess.DEVNULL), ours
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
        os.close(filter_fd)
