# ruff: noqa: E501  the lines of notebooks
"""Notebooks that try to use up the machine's processes, processors and files."""

from __future__ import annotations

from .attack import TOOLS, Attack


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


ATTACKS = (*processes(), *files())
