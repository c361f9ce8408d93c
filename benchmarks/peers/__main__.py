"""Ours beside the graders that people use today, on the same notebook with equivalent tests, in one run.

    .venv/bin/python -m benchmarks.peers [--ours-count 20] [--peers-count 4] [--rounds 2] [--minutes 9.5]
                                         [--only nbgrader,otter,nbclient,ours] [--notebooks solution,torch]
                                         [--json FILE]

The first run makes environments for nbgrader, otter-grader and nbclient below `.bench/` from the package index; later
runs need no network. Before anything is timed, each tool has to give the solved notebook full marks and to find the
one wrong function of another; the marks of every timed run are checked as well.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.peers import table
from benchmarks.peers.contender import Case, Contender, PeerError
from benchmarks.peers.measuring import Batch, Comparison, batches, compare, verify
from benchmarks.peers.nbgrader_course import Nbgrader
from benchmarks.peers.notebooks import CASES, HYPERSPHERES
from benchmarks.peers.otter_run import Otter
from benchmarks.peers.ours import OursCommand, OursWarm
from benchmarks.peers.stock_nbclient import BareCells, StockNbclient
from tools.setup.say import SetupError, say

TOOLS = ("nbgrader", "otter", "nbclient", "ours")
NOTEBOOKS = ("solution", "torch")
RESERVED_S = 90.0  # kept for each notebook that is still to come


def contenders(case: Case, only: Sequence[str]) -> list[Contender]:
    """nbgrader and otter have the hypersphere assignment alone; the bare cells are always measured."""
    cores = len(os.sched_getaffinity(0))
    chosen: list[Contender] = []
    if case.assignment == HYPERSPHERES:
        chosen += [tool() for name, tool in (("nbgrader", Nbgrader), ("otter", Otter)) if name in only]
    if "nbclient" in only:
        chosen.append(StockNbclient())
    if "ours" in only:
        chosen += [OursCommand(case.assignment, jobs=jobs) for jobs in sorted({1, cores})]
        chosen += [OursWarm(case.assignment, slots=slots) for slots in sorted({1, cores})]
    return [*chosen, BareCells()]


def measure(case: Case, only: Sequence[str], rounds: Sequence[Batch], until: float) -> Comparison:
    tools = contenders(case, only)
    try:
        for tool in tools:
            say(f"{case.key}, {tool.name}: preparing; solved and wrong notebook graded once")
            tool.prepare()
            verify(tool, case)
        return compare(case, tools, rounds, lambda text: say(f"{case.key}, {text}"), until)
    finally:
        for tool in tools:
            tool.close()


def names(known: Sequence[str]) -> Callable[[str], list[str]]:
    """For argparse: a list like "nbgrader,otter" of `known` names."""

    def parse(text: str) -> list[str]:
        chosen = [name.strip() for name in text.split(",") if name.strip()]
        unknown = sorted(set(chosen) - set(known))
        if unknown or not chosen:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown) or 'nothing'}: choose from {', '.join(known)}")
        return chosen

    return parse


def positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ours-count", type=positive, default=20, help="submissions of each notebook to ours")
    parser.add_argument("--peers-count", type=positive, default=4, help="and to each of the others, which take longer")
    parser.add_argument("--rounds", type=positive, default=2, help="batches that they are handed in by, in turns")
    parser.add_argument("--only", type=names(TOOLS), default=list(TOOLS), help=", ".join(TOOLS))
    parser.add_argument("--notebooks", type=names(tuple(CASES)), default=list(NOTEBOOKS), help=", ".join(CASES))
    parser.add_argument("--minutes", type=float, default=9.5, help="about; fewer rounds when they would not fit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    chosen = parser.parse_args()
    print(f"# compared with today's graders\n{machine()}", flush=True)
    began = time.monotonic()
    done = []
    try:
        for left, key in zip(reversed(range(len(chosen.notebooks))), chosen.notebooks, strict=True):
            until = began + 60 * chosen.minutes - RESERVED_S * left
            comparison = measure(
                CASES[key](), chosen.only, batches(chosen.peers_count, chosen.ours_count, chosen.rounds), until
            )
            print(f"\n{table.text(comparison)}", flush=True)
            done.append(table.data(comparison))
    except (PeerError, SetupError, LookupError) as problem:
        print(problem, file=sys.stderr)
        return 1
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": machine(), "comparisons": done}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
