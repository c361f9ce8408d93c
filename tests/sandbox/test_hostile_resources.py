"""Notebooks that try to use up the machine."""

from __future__ import annotations

import psutil
import pytest

from assignments.asking import Call, Got, KernelGone

from .conftest import Runner


def test_endless_loop(run: Runner) -> None:
    ran = run("while True: pass", "6 * 7", cell_s=1)
    assert ran.statuses == ["timeout", "ok"]
    assert "42" in ran.text(1)


def test_endless_loop_that_catches_every_interrupt(run: Runner) -> None:
    source = "import time\nwhile True:\n    try:\n        while True: time.sleep(0.001)\n    except BaseException: pass"
    ran = run("x = 1", source, "x", cell_s=1)
    assert ran.statuses == ["ok", "timeout", "skipped"]
    assert ran.reason == "a cell went on after its time was over (1 s)"
    assert ran.seconds < 12


def test_endless_loop_in_c_that_no_interrupt_reaches(run: Runner) -> None:
    ran = run("sum(iter(int, 1))", cell_s=1)
    assert ran.statuses == ["timeout"]
    assert ran.seconds < 12


def test_allocation_of_40_gb_is_a_memory_error_in_the_cell(run: Runner) -> None:
    forty = "import numpy as np\nx = np.ones(5 * 10**9)", "x = bytearray(40 * 10**9)"
    ran = run(*forty, "x = bytearray(4 << 30)", "'alive'")  # the last would fit into this machine, untouched
    assert ran.statuses == ["error", "error", "error", "ok"]
    assert all("MemoryError" in summary.error for summary in ran.summaries[:3])
    assert ran.usage.peak_memory_mib < 400


def test_memory_hog(run: Runner) -> None:
    ran = run("x = []\nwhile True: x.append(bytearray(10 << 20))", "1", memory_mib=300)
    assert ran.statuses == ["died", "skipped"]
    assert ran.reason.startswith("out of memory: used")
    assert ran.reason.endswith(" 300 MiB")


def test_memory_hog_across_child_processes(run: Runner) -> None:
    source = """
import os, time
for child in range(20):
    if os.fork() == 0:
        x = bytearray(40 << 20)
        time.sleep(100)
time.sleep(100)
"""
    ran = run(source, memory_mib=300)
    assert ran.statuses == ["died"]
    assert ran.reason.startswith("out of memory")
    assert ran.seconds < 8


def test_memory_hidden_in_shared_mappings(run: Runner) -> None:
    source = (
        "import mmap\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 20 << 20))\n    x[-1].write(b'1' * (20 << 20))"
    )
    ran = run(source, memory_mib=300)
    assert ran.statuses == ["died"]
    assert ran.reason.startswith("out of memory")


def test_memory_in_files_without_a_name_is_refused(run: Runner) -> None:
    ran = run("import os\nos.memfd_create('x')", "import ctypes; ctypes.CDLL(None).shmget(1, 1 << 30, 0o1600)")
    assert ran.summaries[0].error.startswith("PermissionError")
    assert ran.text(1).strip() == "-1"


def test_os_exit(run: Runner) -> None:
    ran = run("import os; os._exit(3)", "1", calls=[Call("f")])
    assert ran.statuses == ["died", "skipped"]
    assert ran.reason == "the kernel exited with code 3 (os._exit?)"
    assert ran.replies == [KernelGone(ran.reason)]
    assert ran.summaries[0].seconds < 0.5


def test_os_exit_in_a_called_function(run: Runner) -> None:
    ran = run("import os\ndef f(): os._exit(0)\ndef g(): return 1", calls=[Call("g"), Call("f"), Call("g")])
    assert ran.replies == [Got(1), *[KernelGone("the kernel exited with code 0 (os._exit?)")] * 2]


def test_a_signal_to_itself_and_a_crash_in_c(run: Runner) -> None:
    ran = run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert (ran.statuses, ran.reason) == (["died"], "the kernel was killed by signal 9 (Killed)")
    ran = run("import ctypes; ctypes.string_at(0)")
    assert (ran.statuses, ran.reason) == (["died"], "the kernel was killed by signal 11 (Segmentation fault)")


def test_print_forever(run: Runner) -> None:
    before = psutil.Process().memory_info().rss
    ran = run("while True: print('spam ' * 1000)", "1")
    assert ran.statuses == ["died", "skipped"]
    assert ran.reason == "the notebook printed more than 2 MiB"
    assert psutil.Process().memory_info().rss - before < 100 << 20


def test_huge_single_output(run: Runner) -> None:
    ran = run("'x' * (20 << 20)")
    assert ran.statuses == ["died"]
    assert ran.reason == "the notebook printed more than 2 MiB"


def test_one_message_of_parts_without_end(run: Runner) -> None:
    """What no setting of ZeroMQ stops: parts of a message are delivered, and counted, only when it is complete."""
    source = """
import os, select, socket, threading
part = b'\\x03' + (1 << 16).to_bytes(8, 'big') + b'x' * (1 << 16)  # long, and more parts follow
def flood(end):
    while True:
        left = memoryview(part)
        while left:
            select.select([], [end], [])
            left = left[end.send(left):]
floods = []
for number in range(3, 200):
    try:
        end = socket.socket(fileno=os.dup(number))
        end.getpeername()
    except OSError: continue
    floods.append(threading.Thread(target=flood, args=(end,)))
    floods[-1].start()
for thread in floods: thread.join()
"""
    before = psutil.Process().memory_info().rss
    ran = run(source, cell_s=4)
    assert ran.statuses == ["died"]
    assert ran.reason == "the notebook printed more than 2 MiB"
    assert psutil.Process().memory_info().rss - before < 100 << 20


def test_write_to_disk_forever(run: Runner) -> None:
    source = "n = 0\nwhile True:\n    open(f'{n}', 'wb').write(b'x' * (1 << 20)); n += 1"
    ran = run(source, "import os; print(len(os.listdir()))", "x = open('/tmp/x', 'wb').write(b'x' * (1 << 20))")
    assert ran.statuses == ["error", "ok", "error"]
    assert "No space left" in ran.summaries[0].error
    assert 25 < int(ran.text(1)) <= 33
    assert "No space left" in ran.summaries[2].error


def test_one_huge_file(run: Runner) -> None:
    ran = run("f = open('x', 'wb'); f.truncate(10**12)", "open('/dev/shm/x', 'wb').write(b'x' * (100 << 20))")
    assert ran.statuses == ["error", "error"]


def test_empty_files_without_end(run: Runner) -> None:
    ran = run("n = 0\nwhile True: open(f'{n}', 'w').close(); n += 1", scratch_mib=256)
    assert ran.statuses == ["died"]
    assert ran.reason == "wrote more than 50000 files"


@pytest.mark.parametrize("where", ["/etc/x", "/usr/x", "/opt/env/x", "/opt/grader/x", "/x", "/dev/x", "/home/x"])
def test_nothing_but_scratch_can_be_written(run: Runner, where: str) -> None:
    ran = run(f"open({where!r}, 'w')")
    assert ran.statuses == ["error"]
    assert "Error" in ran.summaries[0].error


def test_fork_bomb(run: Runner) -> None:
    source = """
import os, time
children = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        children += 1
except OSError as problem:
    print(children, problem)
"""
    ran = run(source, "6 * 7")
    assert ran.statuses[0] == "ok"
    assert 5 < int(ran.text(0).split()[0]) < 40
    assert "temporarily unavailable" in ran.text(0)


def test_fork_bomb_in_the_shell(run: Runner) -> None:
    ran = run("!bomb() { bomb | bomb & }; bomb; sleep 60", "print('after')", cell_s=2)
    assert ran.seconds < 20
    assert ran.statuses[0] in ("timeout", "ok", "died")


def test_threads_without_end(run: Runner) -> None:
    source = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    ran = run(source)
    assert ran.summaries[0].error.startswith("RuntimeError: can't start new thread")


def test_open_files_without_end(run: Runner) -> None:
    ran = run("x = [open('/dev/null') for _ in range(5000)]", "x = 0; 1")
    assert "Too many open files" in ran.summaries[0].error


def test_limits_cannot_be_raised(run: Runner) -> None:
    source = "import resource as r\nfor k in (r.RLIMIT_AS, r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE):\n    "
    ran = run(source + "hard = r.getrlimit(k)[1]\n    r.setrlimit(k, (hard, hard + 1))")
    assert ran.summaries[0].error.startswith("ValueError")
