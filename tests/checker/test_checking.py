"""What a checker does for checks that behave: questions, random numbers, time, loading; and its life and end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from assignments.gradable import GradablePackage
from tests.support.small_package import line_of, small_package
from worker.checker.checks import Answer, Checks, Moment, Request
from worker.checker.errors import ChecksUnusable, SandboxUnavailable
from worker.checker.inside import warming
from worker.checker.inside.values import Encoder
from worker.checker.parents import Parents

from .conftest import World, no_kernel

ROOT = Path(__file__).parents[2]
GONE_S = 20.0


async def doubling(requests: Sequence[Request]) -> list[Answer]:
    """A kernel with one function, as its collector would reply."""
    answers: list[Answer] = []
    for request in requests:
        tree = json.loads(request.tree)
        assert (tree["ask"], tree["function"], request.name) == ("call", "f", "f")
        shape = tree["arguments"][0][2]
        encoder = Encoder()
        node = encoder.node(np.frombuffer(request.data).reshape(shape) * 2)
        text = json.dumps(["got", node, []]).encode()
        answers.append(({"is": "reply", "tree": len(text)}, text + encoder.data))
    return answers


ASKING = """
import numpy as np
from assignments.asking import Call

@check("asks")
def asks(ask: Ask):
    inputs = [ask.rng.normal(size=(3, number)) for number in range(1, 20)]
    replies = ask.calls([Call("f", (x,)) for x in inputs])
    assert all(np.array_equal(reply.value, 2 * x) for reply, x in zip(replies, inputs))
    return passed(len(replies))
"""


def test_questions_reach_the_kernel_and_values_come_back(world: World) -> None:
    assert world.carry_out(ASKING, "asks", asked=doubling).outcomes["asks"].message == "19"


def test_the_time_that_the_kernel_takes_is_not_the_check_s(world: World) -> None:
    async def slow(requests: Sequence[Request]) -> list[Answer]:
        await asyncio.sleep(world.parents.limits.computing_s + 1)
        return await doubling(requests)

    assert world.carry_out(ASKING, "asks", asked=slow).broken == {}


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ({"is": "gone", "reason": "out of memory"}, "KernelGone(reason='out of memory')"),
        ({"is": "timed-out", "seconds": 5.0}, "TimedOut(seconds=5.0)"),
        ({"is": "too-large"}, "too large"),
        ({"is": "reply", "tree": 7}, "Uncarried"),
    ],
)
def test_a_check_is_told_why_there_is_no_value(world: World, answer: dict[str, object], reply: str) -> None:
    async def asked(requests: Sequence[Request]) -> list[Answer]:
        return [(answer, b'["got",1' if answer["is"] == "reply" else b"") for _ in requests]

    source = '@check("asks")\ndef asks(ask: Ask):\n    return passed(repr(ask.read("x")))\n'
    assert reply in world.carry_out(source, "asks", asked=asked).outcomes["asks"].message


def test_random_numbers_follow_from_the_seed_and_the_number_of_the_check(world: World) -> None:
    source = "\n".join(
        f'@check("{key}")\ndef {key}(ask: Ask):\n    return passed(float(ask.rng.random()))\n' for key in ("a", "b")
    )
    carried = world.carry_out(source, "a", "b", seed=1 << 100)
    children = np.random.SeedSequence(1 << 100).spawn(2)
    wanted = [str(float(np.random.default_rng(child).random())) for child in children]
    assert [outcome.message for outcome in carried.outcomes.values()] == wanted


def test_an_exception_is_told_with_file_line_and_way(world: World) -> None:
    source = '@check("odd")\ndef odd(ask: Ask):\n    return helper()\n\ndef helper():\n    return 1 / 0\n'
    carried = world.carry_out(source, "odd")
    slug, line = carried.package.package.slug, line_of(carried.package, "1 / 0")
    text = carried.broken["odd"]
    assert text.startswith(f"{slug}/checks.py, line {line}: ZeroDivisionError: division by zero")
    assert "return helper()" in text
    assert "/opt/" not in text


def test_the_files_of_the_package_can_be_read(world: World) -> None:
    source = (
        "from pathlib import Path\n"
        '@check("reads")\ndef reads(ask: Ask):\n'
        '    return passed(Path(__file__).with_name("assignment.toml").read_text()[:5])\n'
    )
    assert world.carry_out(source, "reads").outcomes["reads"].message == "title"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0\n", ":10: fails on import: ZeroDivisionError"),
        ("def broken(:\n", ":10: is not valid Python"),
        ("", 'no function is marked @check("wanted")'),
        ('@check("other")\ndef other(ask):\n    pass\n', "other: assignment.toml has no such check"),
        ("import os\nos._exit(0)\n", "cannot be loaded: its process ended with exit code 0"),
        ("import ctypes\nctypes.string_at(0)\n", "killed by signal 11"),
    ],
)
def test_a_checks_py_that_cannot_be_loaded(world: World, source: str, says: str) -> None:
    package = world.package(source, "wanted")
    for _ in range(2):  # the second time as the first
        with pytest.raises(ChecksUnusable, match=f"{package.package.slug}/checks.py") as caught:
            asyncio.run(world.run(package))
        assert says in str(caught.value)


def test_a_new_version_of_checks_py_is_used_at_once(world: World) -> None:
    def source(number: int) -> str:
        return f'@check("which")\ndef which(ask: Ask):\n    return passed({number})\n'

    first = world.package(source(1), "which")
    assert asyncio.run(world.run(first)).outcomes["which"].message == "1"
    path = first.package.folder / "checks.py"
    path.write_text(path.read_text().replace("passed(1)", "passed(2)"))
    again = asyncio.run(world.run(first))
    assert again.outcomes["which"].message == "1", "what was read is what runs"
    from assignments.gradable import load_gradable_package

    assert asyncio.run(world.run(load_gradable_package(first.package.folder))).outcomes["which"].message == "2"


def test_without_a_sandbox_checks_are_carried_out_all_the_same(packages: Path, tmp_path: Path) -> None:
    package = small_package(packages / "unsafe", '@check("a")\ndef a(ask: Ask):\n    return passed()\n', ["a"])
    parents = Parents()

    async def run() -> str:
        async with Checks(package, unsafe=True, parents=parents) as checks:
            return (await checks.run("a", Moment(1, 0, no_kernel))).message

    try:
        assert asyncio.run(run()) == "fine"
    finally:
        parents.stop()


def test_where_no_jail_is_to_be_had_nothing_is_checked(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from worker.checker import jail

    def none() -> None:
        raise SandboxUnavailable("There is no bubblewrap (bwrap) on this machine.", "Install it.")

    monkeypatch.setattr(jail, "find_bubblewrap", none)
    package, parents = world.package('@check("a")\ndef a(ask: Ask):\n    return passed()\n', "a"), Parents()

    async def run() -> None:
        async with Checks(package, parents=parents) as checks:
            await checks.ready()

    try:
        with pytest.raises(SandboxUnavailable, match="no bubblewrap"):
            asyncio.run(run())
    finally:
        parents.stop()


def test_a_parent_that_was_killed_is_replaced(world: World) -> None:
    package = world.package('@check("a")\ndef a(ask: Ask):\n    return passed()\n', "a")
    parents = Parents()
    try:
        assert asyncio.run(_one(package, parents)) == "fine"
        (before,) = parents.pids()
        os.kill(before, signal.SIGKILL)
        _wait_for_end(before)
        assert asyncio.run(_one(package, parents)) == "fine"
        assert parents.pids() != {before}
    finally:
        parents.stop()


async def _one(package: GradablePackage, parents: Parents) -> str:
    async with Checks(package, parents=parents) as checks:
        return (await checks.run("a", Moment(1, 0, no_kernel))).message


def test_stopping_leaves_no_process(world: World) -> None:
    package = world.package('@check("a")\ndef a(ask: Ask):\n    return passed()\n', "a")
    parents, before = Parents(), {child.pid for child in psutil.Process().children(recursive=True)}
    asyncio.run(_one(package, parents))
    own = {child.pid for child in psutil.Process().children(recursive=True)} - before
    assert own
    parents.stop()
    for pid in own:
        _wait_for_end(pid)


WORKER = """
import asyncio, os, sys
from pathlib import Path
import psutil
from assignments.gradable import load_gradable_package
from worker.checker.checks import Checks, Moment

async def asked(requests):
    children = psutil.Process().children(recursive=True)
    print(*(child.pid for child in children), flush=True)
    await asyncio.sleep(600)

async def main():
    async with Checks(load_gradable_package(Path(sys.argv[1]))) as checks:
        await checks.run("a", Moment(1, 0, asked))

asyncio.run(main())
"""


def test_no_checker_outlives_a_worker_that_is_killed(world: World) -> None:
    package = world.package('@check("a")\ndef a(ask: Ask):\n    ask.read("x")\n    return passed()\n', "a")
    command = [sys.executable, "-c", WORKER, str(package.package.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            pids = [int(word) for word in process.stdout.readline().split()]
        finally:
            process.kill()
    assert len(pids) >= 3  # the jail's two, the parent and the checker
    try:
        for pid in pids:
            _wait_for_end(pid)
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # as it should be
                os.kill(pid, signal.SIGKILL)


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + GONE_S
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")


def test_what_is_done_ahead_can_be_done() -> None:
    """In a checker a failure of it would be passed over, and only time be lost."""
    import reference.implementations.digits

    steps = list(warming.steps())
    assert reference.implementations.digits.__name__
    assert len(steps) > len(list((ROOT / "reference" / "values").glob("*.toml")))
    warming.touch()


def test_what_was_computed_on_a_gpu_is_compared_as_such(packages: Path, parents: Parents) -> None:
    source = """
from reference.comparators.devices import slack

@check("a")
def a(ask: Ask):
    return passed(f"{slack() > 0}")
"""
    package = small_package(packages / "devices", source, ["a"])

    async def scenario() -> list[str]:
        async with Checks(package, parents=parents) as checks:
            moments = [Moment(1, 0, no_kernel, device=device) for device in ("cpu", "cuda", "cpu")]
            return [(await checks.run("a", moment)).message for moment in moments]

    assert asyncio.run(scenario()) == ["False", "True", "False"]
