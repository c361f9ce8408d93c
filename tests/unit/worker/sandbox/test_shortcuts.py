"""What kernels leave out of IPython's work makes no difference: every cell of ours, and thousands of made-up ones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from worker.environments import load_environments

ROOT = Path(__file__).resolve().parents[4]
PIECES = (
    *(
        "%time x",
        "!ls",
        "a?",
        "?a",
        "??a",
        "/f 1",
        ", f a",
        ";f a",
        "x = %pwd",
        "x = !ls",
        "x = \\\n  !ls",
        ">>> 1",
        "...",
    ),
    *(
        "In [1]: x",
        '"""',
        "'",
        "(",
        ")",
        "[",
        "]",
        "\n",
        "\n",
        "\n",
        " ",
        "    ",
        "if x:",
        "x",
        "=",
        "==",
        "!=",
        "%",
        "!",
    ),
    *("?", "%%time", "# a?", "#", "\x0c", "\r\n", "\r", "\u2028", 'f"{x!r}"', "lambda: 0", "\\", "\t", "é", "0x", "$"),
    *("await x", "async with x: x", "[x async for x in x]", "async def f(): await x", "asyncio.run(x)"),
    *("\n  a", "\n    b", "\n   c", "\n\td", "\n \td"),
)
COMPARE = """
import json, random, sys
sys.path.insert(0, sys.argv[1])
import shortcuts
from IPython.core.async_helpers import _should_be_async
from IPython.core.inputtransformer2 import TransformerManager
from ipykernel.compiler import murmur2_x86

told = json.load(sys.stdin)
chance = random.Random(1)
made = ["".join(chance.choices(told["pieces"], k=chance.randint(1, 10))) for _ in range(5_000)]
stock, ours = TransformerManager(), TransformerManager()
ours.transform_cell = shortcuts.transformer(ours)

def transformed(manager, cell):
    try:
        return manager.transform_cell(cell)
    except Exception as problem:
        return [type(problem).__name__, str(problem)]

cells = (*told["cells"], *made)
differing = [cell for cell in cells if transformed(stock, cell) != transformed(ours, cell)]
quick = shortcuts.asynchronous(_should_be_async)
differing += [cell for cell in cells if quick(cell) != _should_be_async(cell)]
differing += [cell for cell in cells if shortcuts.quick_hash(cell, 0xC70F6907) != murmur2_x86(cell, 0xC70F6907)]
plain, asynchronous = sum(not shortcuts.SPECIAL.search(cell) for cell in made), sum(map(_should_be_async, made))
ours.line_transforms.append(lambda lines: [line.replace("one", "two") for line in lines])
print(json.dumps([differing, transformed(ours, "one"), plain, asynchronous]))
"""


def test_cells_are_read_as_ipython_reads_them() -> None:
    python = load_environments(ROOT / "environments.toml")["course"].interpreter
    told = json.dumps({"pieces": PIECES, "cells": _cells_of_ours()})
    command = [str(python), "-W", "ignore", "-c", COMPARE, str(ROOT / "worker/sandbox/inside")]
    printed = subprocess.run(command, input=told, capture_output=True, text=True, check=True, timeout=300).stdout
    differing, changed, plain, asynchronous = json.loads(printed)
    assert differing == []
    assert changed == "two\n", "a notebook's own transformer must be heard"
    assert plain > 500, "too few of the made-up cells go the short way"
    assert asynchronous > 20, "too few of the made-up cells await something"


def _cells_of_ours() -> list[str]:
    notebooks = [json.loads(path.read_text()) for path in (ROOT / "assignments").glob("*/solution.ipynb")]
    cells = [cell for notebook in notebooks for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 100
    return ["".join(cell["source"]) for cell in cells]
