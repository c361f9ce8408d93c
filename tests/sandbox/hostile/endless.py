# ruff: noqa: E501  the lines of notebooks
"""Notebooks that do not end, and those that end when nobody expects it."""

from __future__ import annotations

from .attack import Attack
from .target import HONEST

SOON = {"cell_s": 1, "call_s": 1, "wall_s": 60}
AFTERWARDS = {"cell_s": 3, "call_s": 60, "wall_s": 60}  # where honest work follows, which may be slow
WENT_ON = "went on after its time was over"

ATTACKS = (
    Attack(
        "loop_for_ever",
        ("1 / 0  # the first error of a kernel takes longer to show", "while True: pass", HONEST),
        ("error", "timeout", "ok"),
        points=10,
        least=10,
        limits=AFTERWARDS,
        cold=True,
    ),
    Attack(
        "loop_and_catch_every_interrupt",
        (
            "import time\nwhile True:\n    try:\n        while True: time.sleep(0.001)\n    except BaseException: pass",
            HONEST,
        ),
        ("timeout", "skipped"),
        reason=WENT_ON,
        limits=SOON,
        cold=True,
    ),
    Attack("loop_in_c_where_no_interrupt_reaches", ("sum(iter(int, 1))",), ("timeout",), reason=WENT_ON, limits=SOON),
    Attack(
        "loop_with_interrupts_ignored",
        ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",),
        ("timeout",),
        reason=WENT_ON,
        limits=SOON,
    ),
    Attack(
        "loop_with_all_signals_blocked",
        ("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass",),
        ("timeout",),
        limits=SOON,
        cold=True,
    ),
    Attack(
        "search_with_a_hopeless_pattern", ("import re\nre.match('(a+)+$', 'a' * 40 + 'b')",), ("timeout",), limits=SOON
    ),
    Attack("raise_nine_to_the_nine_to_the_nine", ("len(str(9 ** 9 ** 9))",), ("timeout|error",), limits=SOON),
    Attack(
        "interrupt_every_processor_for_ever",
        (
            "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.syscall(324, 16, 0, 0)\nwhile True:\n"
            "    for command in (1, 2, 8): libc.syscall(324, command, 0, 0)",
        ),
        ("timeout",),
        limits=SOON,
    ),
    Attack("sleep_for_ever", ("import time\nwhile True: time.sleep(10**6)",), ("timeout",), limits=SOON),
    Attack(
        "await_for_ever",
        ("import asyncio\nawait asyncio.Event().wait()", HONEST),
        ("timeout", "ok|skipped"),
        points=10,
        limits=SOON,
    ),
    Attack(
        "stop_itself",
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",),
        ("timeout",),
        reason=WENT_ON,
        limits=SOON,
        cold=True,
    ),
    Attack(
        "wait_uninterruptibly_for_a_child",
        # after CLONE_VFORK the parent sleeps uninterruptibly until its child ends, which it does not
        (
            "import ctypes, signal, time\nlibc = ctypes.CDLL(None)\n"
            "if libc.syscall(56, 0x4000 | int(signal.SIGCHLD), 0, 0, 0, 0) == 0:\n    while True: time.sleep(1)",
        ),
        ("timeout",),
        reason=WENT_ON,
        limits=SOON,
        cold=True,
    ),
    Attack(
        "wait_for_a_lock_that_nobody_gives_back",
        ("import threading\nlock = threading.Lock(); lock.acquire(); lock.acquire()",),
        ("timeout",),
        limits=SOON,
    ),
    Attack(
        "wait_for_its_own_pipe", ("import os\nread, write = os.pipe()\nos.read(read, 1)",), ("timeout",), limits=SOON
    ),
    Attack(
        "hold_the_interpreter_in_a_thread",
        ("import threading\nthreading.Thread(target=lambda: sum(iter(int, 1)), daemon=True).start()", "1"),
        ("ok|timeout", "timeout|skipped"),
        reason=WENT_ON,
        limits=SOON,
    ),
    Attack(
        "loop_when_asked_for_a_value",
        ("def double(x):\n    while True: pass", "total = 4950.0"),
        ("ok", "ok"),
        points=4,
        least=4,
        limits={"call_s": 3, "wall_s": 60},
        cold=True,
    ),
    Attack(
        "loop_for_ever_when_asked_and_catch_interrupts",
        (
            "import time\ndef double(x):\n    while True:\n        try:\n            while True: time.sleep(0.001)\n        except BaseException: pass",
        ),
        ("ok",),
        reason=WENT_ON,
        limits={"call_s": 1},
    ),
    Attack(
        "loop_when_deleted",
        ("class Sticky:\n    def __del__(self):\n        while True: pass\nx = Sticky()\ndel x",),
        ("timeout",),
        limits=SOON,
    ),
    Attack(
        "loop_in_the_display",
        ("class Slow:\n    def _repr_html_(self):\n        while True: pass\nSlow()", HONEST),
        ("timeout", "ok|skipped"),
        points=10,
        limits=SOON,
    ),
    Attack(
        "import_a_name_of_ninety_thousand_parts",  # which takes Python long to read: here, and wherever else it is read
        (HONEST, "import " + "a." * 90_000 + "b"),
        ("ok", "timeout|error|died"),
        points=10,
        least=10,
        limits=AFTERWARDS,
    ),
    Attack(
        "spend_the_time_in_small_pieces",
        tuple(f"import time; time.sleep(0.6); n = {n}" for n in range(8)),
        ("ok|timeout", *["ok|timeout|skipped"] * 3, *["timeout|skipped"] * 4),
        reason="used its whole time",
        limits={"wall_s": 2},
        cold=True,
    ),
    Attack(
        "exit_at_once", ("import os; os._exit(3)", HONEST), ("died", "skipped"), reason="exited with code 3", cold=True
    ),
    Attack(
        "exit_when_asked",
        ("import os\ntotal = 4950.0\ndef double(x): os._exit(0)",),
        ("ok",),
        reason="exited with code 0",
        points=4,
    ),
    Attack(
        "kill_itself",
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",),
        ("died",),
        reason="by signal 9",
        cold=True,
    ),
    Attack("crash_in_c", ("import ctypes; ctypes.string_at(0)",), ("died",), reason="by signal 11", cold=True),
    Attack("abort", ("import os; os.abort()",), ("died",), reason="by signal 6"),
    Attack(
        "exit_politely",
        ("exit()", "quit()", "raise SystemExit", "import sys; sys.exit(1)", HONEST),
        ("ok|error",) * 4 + ("ok",),
        points=10,
        least=10,
    ),
    Attack(
        "kill_every_other_process",
        (
            "import os, signal\nfor pid in range(1, 400):\n    try: pid != os.getpid() and os.kill(pid, signal.SIGKILL)\n"
            "    except OSError: pass",
            HONEST,
        ),
        ("ok|died", "ok|skipped"),
        points=10,
        cold=True,
    ),
)
