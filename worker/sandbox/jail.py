"""Starts a command in a jail."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.contract import Limits
from worker.sandbox import seccomp
from worker.sandbox.bubblewrap import find_bubblewrap, jail_arguments
from worker.sandbox.diagnosis import start_failure
from worker.sandbox.identity import as_ordinary_user
from worker.sandbox.installation import Installation

MOST_COMPLAINT = 20_000


@dataclass
class Started:
    """A process, its complaints, and where bubblewrap tells which process is the first of the jail."""

    process: subprocess.Popen[bytes]
    complaints: int  # the end of a pipe: what is in the jail must not hold a file of this machine's
    info: int | None = None

    def complaint(self) -> str:
        """What there is up to now."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self.complaints, MOST_COMPLAINT).decode("utf-8", "replace")
        return ""

    def close(self) -> None:
        os.close(self.complaints)
        if self.info is not None:
            os.close(self.info)
            self.info = None


def start_in_jail(
    installation: Installation,
    limits: Limits,
    files: Mapping[str, Path],
    command: Sequence[str],
    passed: Sequence[int] = (),
    stdout: int = subprocess.DEVNULL,
    *,
    filtered: bool = True,
) -> Started:
    """`files`: path in the jail -> file on the host; `passed`: descriptors that the command gets, same numbers.
    `filtered`: with the policy's filter of system calls.

    Raises SandboxUnavailable where there is no bubblewrap.
    """
    bwrap = find_bubblewrap()
    with contextlib.ExitStack() as ours:
        info_read, info_write = os.pipe()
        ours.callback(os.close, info_write)
        undo_read = ours.enter_context(contextlib.ExitStack())
        undo_read.callback(os.close, info_read)
        filter_fd = seccomp.filter_descriptor(gpu=installation.gpu is not None) if filtered else None
        if filter_fd is not None:
            ours.callback(os.close, filter_fd)
        arguments = jail_arguments(bwrap, installation, limits, files, info_fd=info_write, seccomp_fd=filter_fd)
        line = as_ordinary_user(bwrap, arguments, command, installation, files)
        needed = [*passed, info_write, *([] if filter_fd is None else [filter_fd])]
        started = spawn(line, needed, {}, "/", stdout)
        undo_read.pop_all()
        started.info = info_read
        return started


def spawn(
    line: Sequence[str], passed: Sequence[int], variables: Mapping[str, str], folder: str, stdout: int
) -> Started:
    # Nobody has to read along: what does not fit into the pipe is lost, and nobody waits for room in it.
    complaints, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=theirs,
            pass_fds=passed,
            env=dict(variables),
            cwd=folder,
            start_new_session=True,
        )
    except BaseException:
        os.close(complaints)
        raise
    finally:
        os.close(theirs)
    return Started(process, complaints)


def run_in_jail(
    installation: Installation, code: str, limits: Limits, timeout_s: float = 60.0, *, filtered: bool = True
) -> bytes:
    """What Python code of ours prints in a jail. Raises SandboxUnavailable or KernelStartError."""
    command = [str(installation.python), "-I", "-c", code]
    started = start_in_jail(installation, limits, {}, command, (), subprocess.PIPE, filtered=filtered)
    with contextlib.closing(started), started.process as process:
        try:
            printed, _ = process.communicate(timeout=timeout_s)
        except BaseException:
            process.kill()
            raise
        if process.returncode != 0:
            raise start_failure(started.complaint())
        return printed
