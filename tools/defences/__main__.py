"""Switches each defence off, one at a time, in a copy of the tree, and prints which tests go red.

    .venv/bin/python -m tools.defences [--only TEXT] [--jobs 1] [--keep FILE] [--list]

Ends with 1 when a defence can be switched off and no test notices, or when a test is red with every defence in place.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.defences.catalogue import DEFENCES
from tools.defences.defence import Defence
from tools.defences.kept import Kept
from tools.defences.trial import ROOT, Result, copy_tree, run_tests, try_without

TRIAL_S = 300.0
SHOWN = 4  # tests of one defence in the table


def main() -> int:
    options = _options()
    chosen = [defence for defence in DEFENCES if options.only in defence.name]
    if options.list:
        print("\n".join(defence.name for defence in chosen))
        return 0
    unknown = [problem for defence in chosen for problem in defence.problems(ROOT)]
    if unknown:
        print("The source has changed; correct tools/defences/catalogue.py:", *unknown, sep="\n  ", file=sys.stderr)
        return 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="grader-defences-") as folder:
        Path(folder).chmod(0o755)
        baseline = [] if options.no_baseline else _red_as_it_is(chosen, Path(folder))
        results = _all(chosen, Path(folder), options.jobs, Kept(options.keep, ROOT))
    print(table(chosen, results))
    missing = [d.name for d, result in zip(chosen, results, strict=True) if not result.red]
    print(f"\n{len(chosen)} defences, {len(missing)} that no test notices, {time.monotonic() - began:.0f} s.")
    for name in baseline:
        print(f"Red with every defence in place, so it shows nothing: {name}")
    return 1 if missing or baseline else 0


def table(defences: Sequence[Defence], results: Sequence[Result]) -> str:
    lines = ["| defence switched off | tests gone red |", "|---|---|"]
    for defence, result in zip(defences, results, strict=True):
        shown = ", ".join(f"`{name}`" for name in result.red[:SHOWN])
        more = f" and {len(result.red) - SHOWN} more" if len(result.red) > SHOWN else ""
        lines.append(f"| {defence.name} | {shown + more or '**none**: ' + (result.trouble or 'all were green')} |")
    return "\n".join(lines)


def _red_as_it_is(defences: Sequence[Defence], folder: Path) -> list[str]:
    """The chosen tests, in a copy in which nothing is switched off."""
    tree = copy_tree(folder / "whole")
    red: list[str] = []
    for files in dict.fromkeys(defence.tests for defence in defences):
        wanted = {defence.chosen for defence in defences if defence.tests == files}
        selection = "" if "" in wanted else " or ".join(f"({text})" for text in sorted(wanted))
        result = run_tests(tree, files, selection, TRIAL_S * 4)
        red += [*result.red, *([result.trouble] if result.trouble else [])]
    return red


def _all(defences: Sequence[Defence], folder: Path, jobs: int, kept: Kept) -> list[Result]:
    trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for number in range(jobs):
        trees.put(copy_tree(folder / str(number)))

    def one(defence: Defence) -> Result:
        if (known := kept.result(defence)) is not None:
            return known
        tree = trees.get()
        try:
            result = try_without(defence, tree, TRIAL_S)
        finally:
            trees.put(tree)
        print(
            f"{defence.name}: {len(result.red)} red, {result.green} green {result.trouble}", file=sys.stderr, flush=True
        )
        kept.add(defence, result)
        return result

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, defences))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="defences whose name holds this text")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, help="a file of results: what stands there and has not changed is not tried again"
    )
    parser.add_argument("--list", action="store_true", help="name them and do nothing")
    parser.add_argument("--no-baseline", action="store_true", help="do not look first whether the tests are green")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
