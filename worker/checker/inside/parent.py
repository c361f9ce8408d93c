"""The parent of checkers: imports NumPy, the reference and the vocabulary once, then forks a checker for each request.
It runs no code of an instructor's.

Arguments: the folder with our packages, the folder with the assignments, the control socket (SOCK_SEQPACKET), the
descriptor of the checkers' system call filter (an empty file: none), and the limits as JSON. Each request carries
three descriptors: the checker's channel, a pipe for the trace of a crash, and one on which the parent reports how the
checker ended. The answer carries a descriptor of the checker's process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

from worker.checker.inside import warming
from worker.checker.inside.frames import AHEAD, Channel
from worker.checker.inside.serving import Layout, serve

PRELOADED = ("reference", "assignments.vocabulary")
MOST_REQUEST_BYTES = 64


class Forker:
    def __init__(self, control: socket.socket, instructions: bytes, layout: Layout, limits: dict[str, int]) -> None:
        self.control = control
        self.instructions = instructions
        self.layout = layout
        self.limits = limits
        # loaded by name: these two run in kernels as well, and know nothing of types
        self.isolate: Any = importlib.import_module("worker.sandbox.inside.isolate")
        self.resources: Any = importlib.import_module("worker.sandbox.inside.resources")
        self.reports: dict[int, int] = {}  # process -> pipe
        self.woken, self.wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        poller = select.poll()
        poller.register(self.control, select.POLLIN)
        poller.register(self.woken, select.POLLIN)
        ahead: Iterator[Callable[[], Any]] | None = warming.steps()
        while True:
            events = poller.poll(0 if ahead is not None else None)
            if not events and ahead is not None:
                ahead = self.do_next(ahead)
            for descriptor, _ in events:
                if descriptor == self.woken:
                    os.read(self.woken, 4096)
                    self.bury()
                else:
                    self.answer()

    def do_next(self, ahead: Iterator[Callable[[], Any]]) -> Iterator[Callable[[], Any]] | None:
        """One thing that is done ahead, while nobody asks for anything; None once all is done."""
        step = next(ahead, None)
        if step is None:
            gc.collect()
            gc.freeze()
            return None
        with contextlib.suppress(Exception):  # whatever it is, a check will say it better
            step()
        return ahead

    def answer(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self.control, MOST_REQUEST_BYTES, 3)
        if not data:  # the worker is gone
            os._exit(0)
        channel, trace, report = descriptors
        pid = os.fork()
        if pid == 0:
            self.become_checker(channel, trace, has_time=data == AHEAD)
        self.reports[pid] = report
        handle = os.pidfd_open(pid)
        socket.send_fds(self.control, [b"forked"], [handle])
        for descriptor in (handle, channel, trace):
            os.close(descriptor)

    def become_checker(self, channel: int, trace: int, *, has_time: bool) -> None:
        """Never returns. Gives up everything but computing before it reads a byte of an instructor's."""
        code = 70
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.isolate.silence()
            self.isolate.close_all_but({channel, trace})
            faulthandler.enable(trace, all_threads=False)
            faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
            self.resources.apply_limits(self.limits)
            gc.enable()
            connection = socket.socket(fileno=channel)
            if self.instructions:
                self.isolate.take_filter(self.instructions)
            if has_time:
                with contextlib.suppress(Exception):
                    warming.touch()
            serve(Channel(connection), self.layout)
            code = 0
        except (EOFError, ConnectionError):
            code = 0  # the worker wants no more
        except BaseException:  # noqa: BLE001  a fault of ours, which staff will want to see
            with contextlib.suppress(OSError):
                os.write(trace, traceback.format_exc(limit=-6).encode())
        finally:
            os._exit(code)

    def bury(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            report = self.reports.pop(pid, None)
            if report is not None:
                with contextlib.suppress(OSError):  # nobody may want to know any more
                    os.write(report, json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())
                os.close(report)


def preload() -> None:
    for name in PRELOADED:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(found.name)


def main() -> None:
    code, packages, control_fd, filter_fd, limits = sys.argv[1:6]
    control = socket.socket(fileno=int(control_fd))
    try:
        with os.fdopen(int(filter_fd), "rb") as file:
            instructions = file.read()
        preload()
        forker = Forker(control, instructions, Layout(Path(packages), Path(code)), json.loads(limits))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.collect()
        gc.freeze()
        gc.disable()
    except BaseException as problem:  # noqa: BLE001  whatever it is, the worker must hear of it
        control.send(json.dumps({"error": f"{type(problem).__name__}: {problem}"[:2_000]}).encode())
        os._exit(70)
    control.send(b'{"ready": true}')
    forker.serve()


if __name__ == "__main__":
    main()
