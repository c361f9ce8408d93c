"""Watches which system calls a kernel makes that the policy would refuse, and lets them through.

The kernel's filter hands such calls to us instead of refusing them. Only for notebooks that one trusts: in the jail
of an observed kernel every other layer stands, but this one does not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar

from worker.sandbox.policy import current_policy
from worker.sandbox.seccomp import ARCHITECTURES, ASK, OPTIONS, build_filter
from worker.sandbox.syscalls import numbers

RECEIVE, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_*
NOTICE = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif
ANSWER = struct.Struct("=QqiI")
GO_ON = 1
FOUND_BEFORE_WE_LISTEN = ("sendmsg",)

# Runs in the jail before the kernel: puts the filter in place and hands its listening end out.
TAKE_FILTER = """
import ctypes, os, socket, sys
channel, size, number = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[3]), int(sys.argv[4])
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]
kept = ctypes.create_string_buffer(os.read(int(sys.argv[2]), size), size)
program = Program(size // 8, ctypes.cast(kept, ctypes.c_void_p))
libc = ctypes.CDLL(None, use_errno=True)
listener = libc.syscall(number, 1, 8, ctypes.byref(program))
if listener < 0:
    sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
socket.send_fds(channel, [b"x"], [listener])
channel.close()
os.close(listener)
os.execv(sys.argv[5], sys.argv[5:])
"""


class Observer:
    """Counts calls by name, with what was asked of prctl, socket and ioctl. One observer may see many kernels."""

    def __init__(self, *, everything: bool = False, gpu: bool = False) -> None:
        """`everything`: the calls that the policy allows as well (slow). `gpu`: kernels that have one."""
        machine = platform.machine()
        self._names = {number: name for name, number in numbers(machine).items()}
        self._counts: Counter[str] = Counter()
        self._everything = everything
        self._gpu = gpu
        self._architecture = ARCHITECTURES[machine]
        self._seccomp_call = numbers(machine)["seccomp"]
        self._threads: list[threading.Thread] = []

    @property
    def counts(self) -> Counter[str]:
        return Counter(self._counts)

    def wait(self) -> None:
        """For the last words of kernels that have ended."""
        for thread in self._threads:
            thread.join(10)

    def filter(self) -> bytes:
        unnoticed = FOUND_BEFORE_WE_LISTEN if self._everything else None
        return build_filter(self._architecture, current_policy(), gpu=self._gpu, refusal=ASK, unnoticed=unnoticed)

    def wrapped(self, command: list[str], channel: int, filter_fd: int) -> list[str]:
        """The command line in the jail that takes the filter on and then becomes `command`."""
        facts = [str(channel), str(filter_fd), str(len(self.filter())), str(self._seccomp_call)]
        return [command[0], "-I", "-c", TAKE_FILTER, *facts, *command]

    def listen(self, channel: socket.socket) -> None:
        """Waits on `channel` for the listening end, then answers until the last process of the jail is gone."""
        thread = threading.Thread(target=self._serve, args=(channel,), name="system-calls", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, channel: socket.socket) -> None:
        with channel:
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        if not descriptors:
            return
        listener = descriptors[0]
        poller = select.poll()
        poller.register(listener, select.POLLIN)
        try:
            while True:
                ((_, events),) = poller.poll()
                if not events & select.POLLIN:
                    return
                with contextlib.suppress(FileNotFoundError, InterruptedError):  # whoever asked is gone
                    self._answer(listener)
        finally:
            os.close(listener)

    def _answer(self, listener: int) -> None:
        notice = bytearray(NOTICE.size)
        fcntl.ioctl(listener, RECEIVE, notice)
        identity, _, _, number, _, _, *arguments = NOTICE.unpack(notice)
        self._counts[self._described(number, arguments)] += 1
        fcntl.ioctl(listener, SEND, ANSWER.pack(identity, 0, 0, GO_ON))

    def _described(self, number: int, arguments: list[int]) -> str:
        name = self._names.get(number, f"number {number}")
        if name == "prctl":
            option = next((key for key, value in OPTIONS.items() if value == arguments[0]), str(arguments[0]))
            return f"prctl({option})"
        if name in ("socket", "socketpair"):
            return f"{name}(family {arguments[0]}, type {arguments[1] & 0xF}, protocol {arguments[2]})"
        if name == "ioctl":
            return f"ioctl({arguments[1]:#x})"
        return name


_OBSERVER: ContextVar[Observer | None] = ContextVar("observer", default=None)


def current_observer() -> Observer | None:
    return _OBSERVER.get()


@contextlib.contextmanager
def observing(observer: Observer) -> Iterator[Observer]:
    """Kernels that are started inside are started from nothing, and observed."""
    token = _OBSERVER.set(observer)
    try:
        yield observer
    finally:
        _OBSERVER.reset(token)
        observer.wait()


__all__ = ["Observer", "current_observer", "observing"]
