"""The warm parent: imports everything once, then forks a jail for each request. It runs no code of a student's.

Arguments: the control socket (SOCK_SEQPACKET), the descriptor of the system call filter, then the names of the
libraries to import. Each request carries three descriptors: the jailer's socket, the kernel's, and a pipe on which
the parent reports how the jail ended. The answer carries a descriptor of the jail's first process.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)

import gc  # noqa: E402
import types  # noqa: E402

import child  # noqa: E402
import isolate  # noqa: E402
import nogpu  # noqa: E402
import prepared  # noqa: E402
import resources  # noqa: E402


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    begins = nogpu.asked_to_begin()
    try:
        instructions = whole_file(int(sys.argv[2]))
        app, skipped = prepared.build(sys.argv[3:])
        made_ready(app)
        isolate.devices_read_only()
    except BaseException as problem:  # noqa: BLE001  whatever it is, the worker must hear of it
        control.send(json.dumps({"error": f"{type(problem).__name__}: {problem}"[:2_000]}).encode())
        control.recv(1)
        os._exit(70)
    control.send(json.dumps({"ready": True, "skipped": skipped}).encode())
    ahead = nogpu.begin if begins else (lambda: None)
    half = types.SimpleNamespace(app=app, reseed=prepared.reseed, connect=prepared.connect, ahead=ahead)
    Forker(control, half, instructions).serve()


def whole_file(descriptor):
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def made_ready(app):
    nogpu.refuse_used()
    threads = os.listdir("/proc/self/task")
    if len(threads) != 1:
        raise RuntimeError(f"{len(threads) - 1} threads were started by the preloaded libraries; see OMP_NUM_THREADS")
    sys.argv[:] = ["ipykernel_launcher.py"]
    sys.path[:] = [entry for entry in sys.path if entry not in ("", FOLDER)]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.disable()
    resources.keep_freed_memory()
    isolate.collapse()
    resources.make_room()


class Forker:
    def __init__(self, control, prepared_half, instructions):
        self.control = control
        self.prepared = prepared_half
        self.instructions = instructions
        self.reports = {}  # process -> pipe
        self.own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self.woken, self.wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self):
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        poller = select.poll()
        poller.register(self.control, select.POLLIN)
        poller.register(self.woken, select.POLLIN)
        while True:
            for descriptor, _ in poller.poll():
                if descriptor == self.woken:
                    os.read(self.woken, 4096)
                    self.bury()
                else:
                    self.answer()

    def answer(self):
        data, descriptors, _, _ = socket.recv_fds(self.control, 64, 8)
        if not data:
            os._exit(0)
        jailer, kernel, report = descriptors
        isolate.unshare(isolate.CLONE_NEWPID)  # of the next child
        pid = os.fork()
        if pid == 0:
            child.run_jail(jailer, kernel, self.prepared, self.instructions)
        isolate.enter(self.own_pids, isolate.CLONE_NEWPID)
        self.reports[pid] = report
        handle = os.pidfd_open(pid)
        socket.send_fds(self.control, [b"forked"], [handle])
        for descriptor in (handle, jailer, kernel):
            os.close(descriptor)

    def bury(self):
        while True:
            try:
                pid, status, spent = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            report = self.reports.pop(pid, None)
            if report is not None:
                told = {"code": os.waitstatus_to_exitcode(status), "cpu_s": spent.ru_utime + spent.ru_stime}
                with contextlib.suppress(OSError):  # nobody may want to know any more
                    os.write(report, json.dumps(told).encode())
                os.close(report)


if __name__ == "__main__":
    main()
