"""Checks that try what a check must not: each harms nobody but itself, and staff are told which, where and why."""

from __future__ import annotations

import socket

import pytest

from tests.support.small_package import line_of
from worker.checker.parents import Parents

from .conftest import SECRET, World

AFTER = """

@check("after")
def after(ask: Ask):
    return passed()
"""
BEFORE = """
@check("before")
def before(ask: Ask):
    return passed()


"""


def told(world: World, body: str, head: str = "", *, place: str | None = None) -> str:
    """What staff are told of a check with this body; the checks before and after it must be carried out."""
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    source = f'{head}{BEFORE}@check("hostile")\ndef hostile(ask: Ask):\n{indented}\n    return passed()\n{AFTER}'
    carried = world.carry_out(source, "before", "hostile", "after")
    assert set(carried.outcomes) == {"before", "after"}, carried
    text = carried.broken["hostile"]
    slug = carried.package.package.slug
    line = line_of(carried.package, "def hostile" if place is None else place)
    lines = {line, line - 1}  # of a function with a decorator, either may be named
    assert any(f"{slug}/checks.py, line {number}" in text for number in lines), text
    return text


REFUSED = {
    "opens a socket": "import socket; socket.create_connection(('127.0.0.1', PORT), 3)",
    "opens a raw socket": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "reads the machine's passwords": "open('/etc/shadow').read()",
    "reads the memory of its parent": "import os; open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "lists processes": "import os; [name for name in os.listdir('/proc') if name.isdigit()][0]",
    "writes to its own folder": "open(__file__, 'a').write('# changed')",
    "writes a file beside itself": "import pathlib; pathlib.Path(__file__).with_name('left.txt').write_text('x')",
    "leaves a file for others": "import tempfile; open(tempfile.gettempdir() + '/left.txt', 'w')",
    "leaves shared memory": "open('/dev/shm/left', 'w')",
    "forks a daemon": "import os; os.fork()",
    "starts a program": "import subprocess; subprocess.run(['/bin/true'])",
    "starts a thread": "import threading; threading.Thread(target=print).start()",
    "kills everything": "import os; os.kill(-1, 9)",
    "kills its parent": "import os; os.kill(os.getppid(), 9)",
    "raises its limits": "import resource as r; r.setrlimit(r.RLIMIT_CPU, (5, 6))",
    "has a signal sent": "import fcntl, os; fcntl.fcntl(3, fcntl.F_SETOWN, os.getppid())",
    "takes memory": "bytearray(4 << 30)",
    "ends the interpreter": "raise SystemExit(0)",
    "interrupts itself": "raise KeyboardInterrupt",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_check_that(world: World, name: str) -> None:
    parent = world.parents.pids()
    with socket.create_server(("127.0.0.1", 0)) as service:
        body = REFUSED[name].replace("PORT", str(service.getsockname()[1]))
        text = told(world, body, place=body)
        service.settimeout(0)
        with pytest.raises(BlockingIOError):
            service.accept()
    refusals = ("PermissionError", "FileNotFoundError", "OSError", "IndexError", "MemoryError", "SystemExit")
    also = ("KeyboardInterrupt", "ValueError", "can't start new thread", "EnvironmentError")
    assert any(refusal in text for refusal in (*refusals, *also)), text
    assert not parent or world.parents.pids() == parent


def test_a_file_that_is_not_there_is_not_left_in_the_folder_of_the_package(world: World) -> None:
    told(world, "import pathlib; pathlib.Path(__file__).with_name('left.txt').write_text('x')", place="left.txt")
    assert not list(world.packages.glob("*/left.txt"))


def test_the_environment_holds_nothing_of_the_worker(world: World) -> None:
    source = '@check("environ")\ndef environ(ask: Ask):\n    import os\n    return passed(sorted(os.environ.items()))\n'
    carried = world.carry_out(source, "environ")
    message = carried.outcomes["environ"].message
    assert "LANG" in message
    assert SECRET not in message
    assert "WORKER" not in message


def test_it_holds_no_descriptor_of_the_worker_or_its_parent(world: World) -> None:
    source = """
@check("descriptors")
def descriptors(ask: Ask):
    import os, stat
    found = []
    null = os.stat(os.devnull).st_rdev
    for number in range(256):
        try:
            found.append(os.fstat(number))
        except OSError:
            pass
    kinds = {stat.S_IFSOCK: "socket", stat.S_IFIFO: "pipe"}
    names = ["null" if one.st_rdev == null else kinds.get(stat.S_IFMT(one.st_mode), "?") for one in found]
    return passed(" ".join(sorted(names)))
"""
    carried = world.carry_out(source, "descriptors")
    assert carried.outcomes["descriptors"].message == "null null null pipe socket"


def test_one_that_loops_for_ever_is_stopped_where_it_is(world: World) -> None:
    text = told(world, "number = 0\nwhile True:\n    number += 1", place="number += 1")
    assert "took longer than the 5 s" in text


def test_one_that_is_stuck_in_a_c_function_is_stopped_where_it_is(world: World) -> None:
    assert "took longer" in told(world, "sum(range(1 << 60))", place="1 << 60")


@pytest.mark.timeout(300)
def test_one_that_sleeps_is_stopped(world: World) -> None:
    # it would end before a test must be over: without a limit, that is noticed
    assert "took longer" in told(world, "import time; time.sleep(100)", place="100")


def test_one_that_crashes_the_interpreter_is_told_with_signal_and_line(world: World) -> None:
    text = told(world, "import ctypes\nctypes.string_at(0)", place="string_at")
    assert "signal 11" in text


def test_one_that_aborts(world: World) -> None:
    assert "signal" in told(world, "import os; os.abort()", place="os.abort")


def test_one_that_exits_as_if_all_were_well(world: World) -> None:
    assert "exit code 0" in told(world, "import os\nos._exit(0)")


WRITE = """
import os
def say(content):
    for number in range(3, 64):
        try:
            os.write(number, content)
        except OSError:
            pass
"""
FRAMES = "from worker.checker.inside.frames import Kind, to_bytes\n"


def forged(fields: str) -> str:
    return f"say(to_bytes(Kind.OUTCOME, dict(FIELDS, **{fields})))"


FIELDS = (
    "FIELDS = dict(number=1, conclusion='passed', fraction=1.0, message='', diagnosis=None, staff='',"
    " measure=None)\n" + FRAMES + WRITE
)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("say(b'x' * 1000)", "unknown kind 120"),
        ("say(bytes([14]) + bytes([255]) * 8)", "MiB"),
        ("say(to_bytes(Kind.OPENED, {}))", "something else than what the check concluded"),
        ("say(to_bytes(Kind.ASK, {'names': ['f'], 'sizes': [[10, 0]]}))", "malformed"),
        ("say(to_bytes(Kind.ASK, {'names': ['f'] * 3, 'sizes': [[0, 0]]}))", "malformed"),
        ("say(to_bytes(Kind.ASK, {'names': [1], 'sizes': [[0, 0]]}))", "malformed"),
        (forged("dict(fraction=5.0)"), "not from 0 to 1"),
        (forged("dict(fraction=float('nan'))"), "the number NaN"),
        (forged("dict(fraction=-0.1)"), "not from 0 to 1"),
        (forged("dict(fraction=True)"), "no number"),
        (forged("dict(measure='37.45')"), "it measured"),
        (forged("dict(measure=float('nan'))"), "the number NaN"),
        (forged("dict(measure=1e300)"), "it measured"),
        (forged("dict(conclusion='unavailable')"), "no conclusion"),
        (forged("dict(message='x' * 5000)"), "5000 characters"),
        (forged("dict(points=100)"), "other fields"),
        (forged("dict(number=2)"), "not asked for"),
    ],
)
def test_what_is_no_message_of_the_protocol_is_told(world: World, body: str, says: str) -> None:
    assert says in told(world, body, FIELDS)


def test_an_outcome_for_a_later_check_does_not_count(world: World) -> None:
    """It is sent before that check is asked for, and is read as an answer to it at the latest then."""
    source = f"""
{FIELDS}

@check("first")
def first(ask: Ask):
    say(to_bytes(Kind.OUTCOME, dict(FIELDS, number=0)) + to_bytes(Kind.OUTCOME, dict(FIELDS, number=2)))
    return passed()


@check("second")
def second(ask: Ask):
    return Outcome(Conclusion.FAILED, 0.0, "wrong")
"""
    carried = world.carry_out(source, "first", "second")
    assert "second" in carried.broken or carried.outcomes["second"].conclusion.value == "failed"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("None", "NoneType, not an Outcome"),
        ("Outcome(Conclusion.PASSED, 5.0, '')", "not from 0 to 1"),
        ("Outcome(Conclusion.PASSED, float('nan'), '')", "the number NaN"),
        ("Outcome(Conclusion.PASSED, float('inf'), '')", "the number Infinity"),
        ("Outcome(Conclusion.PASSED, 'all', '')", "ValueError"),
        ("Outcome('wonderful', 1.0, '')", "no conclusion"),
        ("Outcome(Conclusion.PASSED, 1.0, '\\ud800')", "no character"),
    ],
)
def test_what_is_no_outcome_is_told(world: World, value: str, says: str) -> None:
    carried = world.carry_out(f'@check("odd")\ndef odd(ask: Ask):\n    return {value}\n{AFTER}', "odd", "after")
    assert set(carried.outcomes) == {"after"}
    assert says in carried.broken["odd"]


def test_one_that_closes_its_channel(world: World) -> None:
    assert "closed its channel" in told(world, "import os, time\nos.closerange(3, 64)\ntime.sleep(1000)")


def test_a_sum_of_fractions_a_rounding_error_above_one_counts_as_one(world: World) -> None:
    source = '@check("sum")\ndef sum_(ask: Ask):\n    return Outcome(Conclusion.PASSED, sum([0.1] * 3) + 0.7, "")\n'
    assert world.carry_out(source, "sum").outcomes["sum"].fraction == 1.0


def test_none_of_it_has_cost_the_parent_its_life(world: World, parents: Parents) -> None:
    before = parents.pids()
    told(world, "import os\nos._exit(3)")
    assert before
    assert parents.pids() == before
