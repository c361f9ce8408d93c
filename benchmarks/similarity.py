"""How long a comparison of a class takes: `python -m benchmarks.similarity [--students 300] [--earlier 600]`.

The notebooks are the solution of an assignment with names, numbers and statements drawn for each student, so that they
differ as real ones do; every tenth is a disguised copy of another.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from pathlib import Path

from grader.similarity.comparing import pairs
from grader.similarity.reading import Given

ROOT = Path(__file__).resolve().parent.parent / "assignments"
SLUG = "layers-from-scratch"
FILLER = ("{a} = np.{f}({b}, axis={n})", "if {a} > {n}:\n    {b} = {a} - {n}", "for {a} in range({n}):\n    {b} += {a}")
FUNCTIONS = ("sum", "mean", "max", "std", "cumsum", "prod", "argmax")


def student(source: list[str], seed: int) -> list[str]:
    draw = random.Random(seed)  # noqa: S311
    names = {name: f"{name}_{seed}" for name in ("x", "y", "out", "grad", "weights", "w", "b")}
    cells = [re.sub(r"\b[a-z_]+\b", lambda m: names.get(m[0], m[0]), cell) for cell in source]
    words = {key: [f"{key}{i}" for i in range(9)] for key in "ab"}
    for _ in range(4):
        lines = [
            draw.choice(FILLER).format(
                a=draw.choice(words["a"]), b=draw.choice(words["b"]), f=draw.choice(FUNCTIONS), n=draw.randrange(90)
            )
            for _ in range(40)
        ]
        cells.append("\n".join(lines))
    draw.shuffle(cells)
    return cells


def notebook(cells: list[str]) -> bytes:
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
        for i, cell in enumerate(cells)
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--earlier", type=int, default=0)
    options = parser.parse_args()
    solution = json.loads((ROOT / SLUG / "solution.ipynb").read_bytes())
    source = ["".join(c["source"]) for c in solution["cells"] if c["cell_type"] == "code"]
    total = options.students + options.earlier
    made = [notebook(student(source, i - 1 if i % 10 == 0 and i else i)) for i in range(total)]
    begun = time.perf_counter()
    given = Given.of(ROOT, SLUG)
    read = {f"s{i}": given.read(data)[1].hashes for i, data in enumerate(made)}
    half = time.perf_counter()
    names = list(read)
    own, earlier = names[: options.students], names[options.students :]
    found = list(pairs({n: read[n] for n in own}, {n: read[n] for n in earlier}))
    end = time.perf_counter()
    size = sum(map(len, made)) / len(made) / 1024
    print(f"{total} notebooks of {size:.0f} KiB: read in {half - begun:.1f} s, compared in {end - half:.1f} s")
    print(f"{len(found)} pairs found; {sum(1 for i in range(1, options.students) if i % 10 == 0)} were copied")


if __name__ == "__main__":
    main()
