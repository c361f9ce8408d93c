"""Starts one kernel from nothing: a bubblewrap, in it a new Python."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from worker.contract import Limits
from worker.sandbox import bubblewrap, fonts, pidfd
from worker.sandbox.cgroups import Cgroup, group_of
from worker.sandbox.diagnosis import start_failure
from worker.sandbox.endings import ChildEnding
from worker.sandbox.errors import KernelStartError
from worker.sandbox.installation import INSIDE, JAIL_INSIDE, Installation, installation_of
from worker.sandbox.jail import Started, spawn, start_in_jail
from worker.sandbox.jailed import JailedKernel
from worker.sandbox.limits import kernel_resources
from worker.sandbox.observing import Observer, current_observer
from worker.sandbox.orders import KernelOrder
from worker.sandbox.processes import FamilyTable, ProcessTable
from worker.sandbox.seccomp import in_memory

START_S = 60.0
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


@dataclass
class _Start:
    """What exists of a kernel while it starts; all of it is undone if the start fails."""

    started: Started
    channel: socket.socket
    folder: Path | None = None  # working folder of a kernel without a jail
    group: Cgroup | None = None
    opened: list[int] = field(default_factory=list)
    heard: bytes = b""


async def start_kernel(order: KernelOrder) -> JailedKernel:
    """A kernel that serves on the sockets of `order`. Raises SandboxUnavailable or KernelStartError."""
    installation = await asyncio.to_thread(installation_of, order.environment)
    font_list = None if order.unsafe else await asyncio.to_thread(fonts.font_list, installation)
    start = _start_unsafe(order, installation) if order.unsafe else _start_jailed(order, installation, font_list)
    try:
        async with asyncio.timeout(START_S):
            return await _meet(order, start)
    except TimeoutError:
        _undo(start)
        raise KernelStartError(f"The kernel did not start within {START_S:.0f} s.") from None
    except BaseException:
        _undo(start)
        raise


def _start_jailed(order: KernelOrder, installation: Installation, font_list: Path | None) -> _Start:
    files = {bubblewrap.check_file_name(name): path.absolute() for name, path in order.data_files.items()}
    if font_list is not None:
        files[f"{bubblewrap.CACHE}/matplotlib/{font_list.name}"] = font_list
    ours, theirs = socket.socketpair()
    command = [str(installation.python), "-I", str(JAIL_INSIDE / "launcher.py"), str(theirs.fileno())]
    with theirs:
        try:
            passed = [theirs.fileno(), *order.sockets.values()]
            observer = current_observer()
            start_command = start_in_jail if observer is None else functools.partial(_start_observed, observer)
            start = _Start(start_command(installation, order.limits, files, command, passed), ours)
        except BaseException:
            ours.close()
            raise
    _send_config(ours, order, bubblewrap.WORK)
    return start


def _start_observed(
    observer: Observer,
    installation: Installation,
    limits: Limits,
    files: Mapping[str, Path],
    command: list[str],
    passed: list[int],
) -> Started:
    """The same with a filter that asks the observer; the kernel puts it in place itself."""
    ours, theirs = socket.socketpair()
    filter_fd = in_memory(observer.filter())
    try:
        with theirs:
            line = observer.wrapped(command, theirs.fileno(), filter_fd)
            needed = [*passed, theirs.fileno(), filter_fd]
            started = start_in_jail(installation, limits, files, line, needed, filtered=False)
    except BaseException:
        ours.close()
        raise
    finally:
        os.close(filter_fd)
    observer.listen(ours)
    return started


def _start_unsafe(order: KernelOrder, installation: Installation) -> _Start:
    """The same kernel with no jail around it, for machines where none can be had and somebody insists."""
    folder = Path(tempfile.mkdtemp(prefix="grader-unsafe-"))
    for name, path in order.data_files.items():
        target = folder / Path(bubblewrap.check_file_name(name)).relative_to(bubblewrap.WORK)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    variables = bubblewrap.environment_variables(installation, home=str(folder), inside=INSIDE)
    variables["PATH"] = f"{INSIDE}/bin:{installation.host_python.parent}:/usr/local/bin:/usr/bin:/bin"
    ours, theirs = socket.socketpair()
    command = [str(installation.host_python), "-I", str(INSIDE / "launcher.py"), str(theirs.fileno())]
    with theirs:
        passed = [theirs.fileno(), *order.sockets.values()]
        start = _Start(spawn(command, passed, variables, str(folder), subprocess.DEVNULL), ours, folder=folder)
    _send_config(ours, order, str(folder))
    return start


def _send_config(channel: socket.socket, order: KernelOrder, folder: str) -> None:
    config = {
        "sockets": dict(order.sockets),
        "key": order.key.decode("ascii"),
        "signature_scheme": order.signature_scheme,
        "resources": kernel_resources(order.limits, jailed=not order.unsafe, gpu=order.environment.gpu is not None),
        "folder": folder,
        "die_with_parent": order.unsafe,
        "withheld": list(order.withheld),
    }
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # replies then tell who sent them
    with contextlib.suppress(ConnectionError):  # it has ended already: `_meet` finds out why
        channel.sendall(json.dumps(config).encode() + b"\n")
    channel.setblocking(False)


async def _meet(order: KernelOrder, start: _Start) -> JailedKernel:
    """Waits for the kernel's two replies, and takes hold of it while only trusted code runs in it."""
    word, pid = await _reply(start)
    if word != "hello":
        raise _failure(start, word)
    kernel_fd = _keep(start, os.pidfd_open(pid))
    first = pid if start.started.info is None else _first_process(start.started.info)
    first_fd = _keep(start, os.pidfd_open(first))
    scratch: list[int] = []
    if not order.unsafe:
        places = [f"/proc/{pid}/root{place}" for place in bubblewrap.WRITABLE]
        scratch += [_keep(start, os.open(place, os.O_PATH | os.O_CLOEXEC)) for place in places]
        await _group(start, order, pid)
    word, _ = await _reply(start)
    if word != "ready":
        raise _failure(start, word)
    kernel = JailedKernel(
        pid=pid,
        pidfd=kernel_fd,
        first_pidfd=first_fd,
        ending=ChildEnding(start.started.process),
        table=FamilyTable(pid) if order.unsafe else ProcessTable(pid),
        limits=order.limits,
        scratch=scratch,
        group=start.group,
        folder=start.folder,
        process_group=start.started.process.pid if order.unsafe else None,
    )
    start.channel.close()
    start.started.close()
    return kernel


def _keep(start: _Start, descriptor: int) -> int:
    start.opened.append(descriptor)
    return descriptor


async def _group(start: _Start, order: KernelOrder, pid: int) -> None:
    """In a thread, because the system takes its time; even when cancelled, what it made must be known."""
    making = asyncio.ensure_future(asyncio.to_thread(group_of, pid, order.limits))
    try:
        start.group = await asyncio.shield(making)
    except asyncio.CancelledError:
        start.group = await making
        raise


async def _reply(start: _Start) -> tuple[str, int]:
    """One line of the launcher, and the process that the system says it came from; ("", 0) at the end."""
    sender = 0
    while b"\n" not in start.heard:
        await pidfd.readable(start.channel.fileno())
        try:
            data, ancillary, _, _ = start.channel.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
        except ConnectionError:  # it ended before it had read its config
            return "", 0
        if not data:
            return "", 0
        start.heard += data
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                sender = CREDENTIALS.unpack(content[: CREDENTIALS.size])[0]
    line, _, start.heard = start.heard.partition(b"\n")
    return line.decode("utf-8", "replace"), sender


def _first_process(info: int) -> int:
    """The jail's process 1, which bubblewrap named before it started anything in the jail."""
    return int(json.loads(os.read(info, 65_536))["child-pid"])


def _failure(start: _Start, word: str) -> Exception:
    if word.startswith("error: "):
        return KernelStartError(f"The kernel did not start: {word.removeprefix('error: ')}")
    with contextlib.suppress(subprocess.TimeoutExpired):
        start.started.process.wait(5)
    return start_failure(start.started.complaint())


def _undo(start: _Start) -> None:
    """The outermost process takes the jail with it; whatever is left of the jail gets its signal as well."""
    start.started.process.kill()
    for descriptor in start.opened:
        if os.readlink(f"/proc/self/fd/{descriptor}") == "anon_inode:[pidfd]":
            pidfd.send(descriptor, signal.SIGKILL)
    start.started.process.wait()
    for descriptor in start.opened:
        os.close(descriptor)
    start.started.close()
    start.channel.close()
    if start.group is not None:
        start.group.remove()
    if start.folder is not None:
        shutil.rmtree(start.folder, ignore_errors=True)
