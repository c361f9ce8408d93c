"""A notebook that says more than it may is told so, however long the worker has no time to listen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import psutil
import pytest
from nbformat.v4 import new_code_cell

from worker.kernels.session import NotebookSession, SessionSpec

from .conftest import Runner

LONGEST_SILENCE_S = 60.0
LOOK_S = 0.5
IDLE = 0.1  # of a processor
MOST_MIB = 150  # of memory that a kernel may use for what nobody has heard yet
SPEAK = "kernel = get_ipython().kernel\nsession, socket = kernel.session, kernel.iopub_socket\n"
FLOODS = {
    "print": "while True: print('spam ' * 10_000)",
    "errors": "import sys\nwhile True: sys.stderr.write('spam ' * 10_000)",
    "descriptor": "import os\nwhile True: os.write(1, b'spam ' * 10_000)",
    "program": "!yes",
    "html": "while True: display({'text/html': 'x' * 100_000}, raw=True)",
    "picture": "while True: display({'image/png': 'x' * 1_000_000}, raw=True)",
    "update": "h = display('', display_id=True)\nwhile True: h.update('x' * 100_000)",
    "threads": "import threading\ndef talk():\n    while True: print('x' * 10_000)\n"
    "for _ in range(4): threading.Thread(target=talk, daemon=True).start()\nthreading.Event().wait()",
    "children": "import os\nos.fork(); os.fork()\nwhile True: print('x' * 10_000)",
    "widget": SPEAK + "while True: session.send(socket, 'comm_msg', {'comm_id': '1', 'data': 'x' * 100_000})",
}
CHILDREN = """
import multiprocessing, os, sys
print('before', end=' ')
if os.fork() == 0:
    print('child', 'é', end=' '); print('wrong', file=sys.stderr, end=''); sys.stdout.flush()
    os._exit(0)
os.wait()
with multiprocessing.Pool(1) as pool: pool.map(print, ['one', 'two'])
print('after')
"""


@pytest.mark.parametrize("starter", ["forked", "cold"], indirect=True)
def test_what_nobody_hears_yet_waits_in_the_notebook(spec: SessionSpec) -> None:
    wanted = replace(spec, limits=replace(spec.limits, wall_s=250, cell_s=240))

    async def flooded(source: str, begun: list[NotebookSession]) -> tuple[str, str, float]:
        async with NotebookSession(wanted) as session:
            running = asyncio.ensure_future(session.run_cell(new_code_cell(source), 0))
            begun.append(session)
            summary = await running
            return summary.status, session.death_reason, session.usage.peak_memory_mib

    async def scenario() -> list[tuple[str, str, float]]:
        begun: list[NotebookSession] = []
        under_way = asyncio.gather(*(flooded(source, begun) for source in FLOODS.values()))
        while len(begun) < len(FLOODS):
            await asyncio.sleep(0.01)
        silence(begun)
        return await under_way

    for name, (status, reason, peak_mib) in zip(FLOODS, asyncio.run(scenario()), strict=True):
        assert (status, reason) == ("died", "the notebook printed more than 2 MiB"), name
        assert peak_mib < MOST_MIB, name


def silence(sessions: list[NotebookSession]) -> None:
    """Listens to nobody until all have stopped, or one holds too much."""
    deadline, spent = time.monotonic() + LONGEST_SILENCE_S, [float("-inf")] * len(sessions)
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        before, spent = spent, [processor_s(session._connection.process.pid) for session in sessions]
        if all(now - then < IDLE * LOOK_S for now, then in zip(spent, before, strict=True)):
            return
        if any(session.usage.peak_memory_mib > MOST_MIB for session in sessions):
            return


def processor_s(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(sum(member.cpu_times()[:2]) for member in family)
    except psutil.NoSuchProcess:  # one was over while we looked
        return 0.0


def test_what_forked_processes_print_is_shown_once(run: Runner) -> None:
    ran = run(CHILDREN)
    shown = {"stdout": "", "stderr": ""}
    for output in ran.cells[0].outputs:
        shown[output.name] += output.text
    assert sorted(shown["stdout"].split()) == ["after", "before", "child", "one", "two", "é"]
    assert shown["stderr"] == "wrong"
