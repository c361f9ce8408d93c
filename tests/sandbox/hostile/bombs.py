# ruff: noqa: E501  the lines of notebooks
"""Notebooks that try to use up the machine: processes, memory of every kind, files, and what the system lends."""

from __future__ import annotations

from worker.sandbox.cgroup_places import hierarchies

from .attack import TOOLS, Attack

OUT_OF_MEMORY = "out of memory"
SMALL = {"memory_mib": 300}


def processes() -> list[Attack]:
    return [
        Attack(
            "fork_until_refused",
            (
                "import os, time\nchildren = 0\ntry:\n    while True:\n        if os.fork() == 0:\n"
                "            time.sleep(60)\n            os._exit(0)\n        children += 1\n"
                "except BlockingIOError as problem: pass\nassert 3 < children < 30, children",
                "6 * 7",
            ),
            ("ok", "ok"),
            limits={"cell_s": 30},
            cold=True,
        ),
        Attack(
            "fork_in_every_child",
            ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",),
            ("timeout|died",),
            limits={"cell_s": 1.5},
            cold=True,
            alone=True,
        ),
        Attack(
            "fork_in_the_shell",
            ("!bomb() { bomb | bomb & }; bomb; sleep 30", "print('after')"),
            ("timeout|ok|died", "ok|skipped|timeout"),
            limits={"cell_s": 1.5},
            alone=True,
        ),
        Attack(
            "never_wait_for_dead_children",
            (
                "import os\ntry:\n    while True:\n        if os.fork() == 0: os._exit(0)\n"
                "except BlockingIOError: pass",
                "len([name for name in os.listdir('/proc') if name.isdigit()]) < 40 or 1 / 0",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "threads_without_end",
            (
                "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
            ),
            ("error",),
            error="can't start new thread",
            limits={"cell_s": 30},
            cold=True,
        ),
        Attack(
            "spin_on_every_core",
            ("import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(60)",),
            ("timeout|died",),
            limits={"cell_s": 2},
            alone=True,
        ),
        Attack(
            "be_served_before_all_others",
            (
                TOOLS,
                "refused('nice', os.nice, -10)\nrefused('fifo', os.sched_setscheduler, 0, os.SCHED_FIFO, "
                "os.sched_param(50))\nrefused('priority', os.setpriority, os.PRIO_USER, 0, -5)",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "processes_that_stay",
            (
                "import os, sys\nfor _ in range(5):\n    if os.fork() == 0:\n        if os.fork() == 0:\n            "
                "os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'])\n        os._exit(0)",
            ),
            ("ok",),
            cold=True,
        ),
    ]


def memory() -> list[Attack]:
    children = "import os, time\nfor child in range(12):\n    if os.fork() == 0:\n        x = bytearray(60 << 20)\n"
    shared = (
        "import mmap, time\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 10 << 20{}))\n    x[-1].write(b'1' * (10 << 20))"
        "; time.sleep(0.02)"
    )
    return [
        Attack(
            "allocate_little_by_little",
            # not so fast that nobody can look before its addresses are used up
            ("import time\nx = []\nwhile True: x.append(bytearray(10 << 20)); time.sleep(0.02)", "1"),
            ("died", "skipped"),
            reason=OUT_OF_MEMORY,
            limits=SMALL,
            cold=True,
        ),
        Attack(
            "allocate_forty_gigabytes_at_once",
            ("x = bytearray(40 * 10**9)", "import numpy as np\nx = np.ones(5 * 10**9)", "x = bytearray(4 << 30)", "1"),
            ("error", "error", "error", "ok"),
            error="MemoryError",
            cold=True,
        ),
        Attack(
            "allocate_in_many_children",
            (children + "        time.sleep(60)\ntime.sleep(60)",),
            ("died",),
            reason=OUT_OF_MEMORY,
            limits=SMALL,
            cold=True,
        ),
        Attack(
            "allocate_in_private_mappings",
            (shared.format(", flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS"),),
            ("died",),
            reason=OUT_OF_MEMORY,
            limits=SMALL,
        ),
        Attack("allocate_in_shared_mappings", (shared.format(""),), ("died",), reason=OUT_OF_MEMORY, limits=SMALL),
        Attack(
            "allocate_in_files_without_a_name",
            (
                TOOLS,
                "refused('memfd', os.memfd_create, 'x')\nrefused('memfd_secret', syscall, 447, 0)",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "allocate_in_system_v_shared_memory",
            (
                TOOLS,
                "libc.shmget(1, 1 << 30, 0o1600) == -1 or refused('shmget', int)",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "fill_shared_memory_files",
            ("open('/dev/shm/x', 'wb').write(b'x' * (100 << 20))",),
            ("error",),
            error="No space left|File too large",
            cold=True,
        ),
        Attack(
            "fill_shared_memory_files_in_pieces",
            ("for n in range(200): open(f'/dev/shm/{n}', 'wb').write(b'x' * (1 << 20))",),
            ("error",),
            error="No space left",
            cold=True,
        ),
        Attack(
            "expand_a_bomb_of_zeros",
            (
                "import zlib\npacked = zlib.compress(bytes(64 << 20))\n"
                "x = [zlib.decompress(packed) for _ in range(500)]",
            ),
            ("died|error|timeout",),
            limits=SMALL,
        ),
        Attack(
            "recurse_until_the_stack_is_gone",
            ("import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return f([x]) + f(x)\nf(1)", "1"),
            ("died|error|timeout", "skipped|ok"),
            limits={"cell_s": 4, **SMALL},
        ),
        Attack(
            "recurse_in_c_until_the_stack_is_gone",
            ("x = []\nfor _ in range(10**6): x = [x]\nimport pickle, sys\nsys.setrecursionlimit(10**9)\nrepr(x)", "1"),
            ("died|error|timeout", "skipped|ok"),
            limits={"cell_s": 4},
        ),
        Attack(
            "lock_all_memory",
            (TOOLS, "x = bytearray(64 << 20)\nlibc.mlockall(3) == 0 and refused('mlockall', int)"),
            ("ok", "ok"),
        ),
    ]


def files() -> list[Attack]:
    return [
        Attack(
            "write_to_the_disk_for_ever",
            (
                "n = 0\nwhile True:\n    open(f'{n}', 'wb').write(b'x' * (1 << 20)); n += 1",
                "import os\nassert 15 < len([x for x in os.listdir() if x.isdigit()]) < 26",
                "open('/tmp/x', 'wb').write(b'x' * (1 << 20))",
            ),
            ("error", "ok", "error"),
            error="No space left",
            cold=True,
        ),
        Attack(
            "one_file_of_a_terabyte",
            ("open('x', 'wb').truncate(10**12)", "open('y', 'wb').seek(10**12) and open('y', 'wb').write(b'x')"),
            ("error", "ok|error"),
            error="File too large",
            cold=True,
        ),
        Attack(
            "empty_files_without_end",
            ("n = 0\nwhile True: open(f'{n}', 'w').close(); n += 1",),
            ("died",),
            reason="wrote more than [0-9]+ files",
            limits={"scratch_mib": 256},
        ),
        Attack(
            "folders_as_deep_as_they_go",
            ("import os\nfor _ in range(20000):\n    os.mkdir('d'); os.chdir('d')", "1"),
            ("error|ok", "ok"),
        ),
        Attack(
            "open_files_without_end",
            ("x = [open('/dev/null') for _ in range(5000)]", "x = 0"),
            ("error", "ok"),
            error="Too many open files",
            cold=True,
        ),
        Attack(
            "locks_without_end",
            (
                "import fcntl\nf = open('x', 'wb'); f.truncate(1 << 22)\n"
                "for n in range(0, 200_000, 2): fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, n)",
            ),
            ("ok|error|timeout",),
            limits={"cell_s": 3},
        ),
    ]


def lent() -> list[Attack]:
    """What the system lends: pipes, sockets, queues, keys, timers, signals."""
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
            reason=OUT_OF_MEMORY,
            counted=True,
            limits={"cell_s": 60 if hierarchies() else 6, "memory_mib": 200},
            alone=True,
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


ATTACKS = (*processes(), *memory(), *files(), *lent())
