"""Notebooks that try to use up what the system lends: pipes, sockets, queues, keys, timers, signals."""

from __future__ import annotations

from .attack import TOOLS, Attack


def attacks() -> list[Attack]:
    fill_sockets = """
import os, socket, time
def fill():
    ends = []
    while True:
        try: a, b = socket.socketpair()
        except OSError: break
        a.setblocking(False)
        ends += [a, b]
        try:
            while True: a.send(b'x' * 4096)
        except OSError: pass
    time.sleep(60)
for child in range(20):
    if os.fork() == 0: fill()
time.sleep(60)
"""
    fill_pipes = """
import fcntl, os, time
def fill():
    while True:
        try: read, write = os.pipe()
        except OSError: break
        try: fcntl.fcntl(write, 1031, 1 << 20)
        except OSError: pass
        os.set_blocking(write, False)
        try:
            while True: os.write(write, b'x' * 65536)
        except OSError: pass
    time.sleep(60)
for child in range(20):
    if os.fork() == 0: fill()
time.sleep(60)
"""
    return [
        Attack("fill_the_buffers_of_pipes", (fill_pipes,), ("timeout|died",), limits={"cell_s": 3}, alone=True),
        Attack(
            "fill_the_buffers_of_sockets",
            (fill_sockets,),
            ("died|timeout",),
            reason="out of memory|had more than [0-9]+ sockets",
            limits={"cell_s": 60, "memory_mib": 200},
            alone=True,
        ),
        Attack(
            "send_sockets_in_sockets_in_sockets",  # each is held by what waits in another, and by no process
            (
                "import socket\ninner = socket.socketpair()\n"
                "for _ in range(150):\n    outer = socket.socketpair()\n    outer[0].setblocking(False)\n"
                "    socket.send_fds(outer[0], [b'x'], [s.fileno() for s in inner])\n    inner = outer",
                "6 * 7",
            ),
            ("ok|error|died", "ok|skipped"),
        ),
        Attack(
            "sockets_without_end",
            ("import socket\nx = [socket.socket() for _ in range(5000)]", "x = 0"),
            ("error", "ok"),
            error="Too many open files",
        ),
        Attack(
            "event_counters_and_watches_without_end",
            (
                "import os, select\nx = []\nwhile True: x += [os.eventfd(0), select.epoll()]",
                "x = 0\nimport ctypes\nlibc = ctypes.CDLL(None)\nwhile libc.inotify_init() != -1: pass",
            ),
            ("error", "ok"),
        ),
        Attack(
            "keys_without_end",
            (TOOLS, "for n in range(50): refused('key', syscall, 248, b'user', b'%d' % n, b'x' * 100, 100, -4)"),
            ("ok", "ok"),
            cold=True,
        ),
        Attack(
            "message_queues_without_end",
            (
                TOOLS,
                "libc.msgget(1, 0o1600) == -1 or refused('msgget', int)\nrefused('mq', syscall, 240, b'x', 66, 384, 0)",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "semaphores_without_end",
            (
                "import ctypes\nlibc = ctypes.CDLL(None)\nmade = 0\n"
                "while made < 40_000 and libc.semget(0, 250, 0o1600) != -1: made += 1",
            ),
            ("ok",),
        ),
        Attack(
            "timers_without_end",
            (
                "import ctypes, signal\nlibc = ctypes.CDLL(None)\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
                "timer = ctypes.c_void_p()\nmade = 0\n"
                "while made < 300_000 and libc.timer_create(0, None, ctypes.byref(timer)) == 0: made += 1",
            ),
            ("ok|error|timeout|died",),
            limits={"cell_s": 3},
        ),
        Attack(
            "alarms_a_hundred_thousand_times_a_second",
            (
                "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\n"
                "signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-5)\nx = sum(range(10**6))",
                "double = 1",
            ),
            ("ok|error|timeout|died", "ok|error|timeout|died|skipped"),
            limits={"cell_s": 3, "call_s": 1},
        ),
        Attack(
            "signals_to_everybody",
            (
                "import os, signal\nfor number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGSTOP):\n"
                "    try: os.kill(-1, number)\n    except OSError: pass\n    try: os.killpg(0, signal.SIGCONT)\n"
                "    except OSError: pass",
            ),
            ("ok|died|timeout|error",),
            limits={"cell_s": 3},
            cold=True,
        ),
        Attack(
            "signals_queued_without_end",
            (
                "import ctypes, os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])\n"
                "libc = ctypes.CDLL(None)\nsent = 0\n"
                "while sent < 200_000 and libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None) == 0: sent += 1",
            ),
            ("ok|died",),
        ),
        Attack(
            "randomness_without_end",
            ("import os\nwhile True: os.urandom(1 << 20)",),
            ("timeout",),
            limits={"cell_s": 1},
        ),
    ]


ATTACKS = tuple(attacks())
