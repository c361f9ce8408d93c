"""Mutants are graded without the cells that only variables need, and with those where that does not show them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from assignments.loading import load_package
from grader.cli.assignment.cache import Cache
from grader.cli.assignment.grading import PackageGrader
from grader.cli.assignment.mutants import MutantTest, Tally
from tests.support.direct_ask import DirectAsk
from tests.support.notebooks import notebook
from worker.contract import CellSummary, CheckResult, GradeStatus, Seconds, Verdict
from worker.pipeline.request import Grading

TOML = """
title = "Two"
summary = "A function, and what a long cell makes with it."

[[checks]]
key = "double"
title = "A function"
points = 6

[[checks]]
key = "trained"
title = "A result"
points = 4
kind = "variable"
"""
SOLUTION = ("def double(x):\n    return x + x", "trained = sum(double(i + 1) for i in range(9)) + 3")


class DirectGrader:
    """Grades our own notebooks in this process, and counts those with the long cell."""

    def __init__(self, folder: Path) -> None:
        self.package = load_package(folder)
        self.short = self.long = 0

    def grade(self, data: bytes, answers: Mapping[str, str], **_: Any) -> Grading:
        ask = DirectAsk.of_notebook(data)
        function, trained = ask.namespace.get("double"), ask.namespace.get("trained")
        if "range(9)" in data.decode():
            self.long += 1
        else:
            self.short += 1
        points = {"double": 6.0 * (function is not None and function(3) == 6), "trained": 4.0 * (trained == 93)}
        checks = tuple(
            CheckResult(c.key, c.title, points[c.key], c.points, Verdict.FAILED, "")
            for c in self.package.metadata.checks
        )
        cells = (CellSummary(0, "error" if ask.errors else "ok", 0.0),)
        return Grading(GradeStatus.GRADED, checks, Seconds(0.0, 0.0, 0.0), cells)


def test_an_id_that_no_mutant_has_is_said(tmp_path: Path) -> None:
    _, tally = try_all_mutants(tmp_path / "two", *SOLUTION, only=["double:sign:00000000"])
    assert "No mutant has the id double:sign:00000000" in " ".join(tally.stale)


def try_all_mutants(folder: Path, *solution: str, only: Collection[str] = ()) -> tuple[DirectGrader, Tally]:
    folder.mkdir()
    (folder / "assignment.toml").write_text(TOML)
    (folder / "checks.py").write_text("")
    (folder / "starter.ipynb").write_bytes(notebook("def double(x):\n    return 0", "trained = 0"))
    (folder / "solution.ipynb").write_bytes(notebook(*solution))
    grader = DirectGrader(folder)
    return grader, MutantTest(cast(PackageGrader, grader), Cache(grader.package, None), only=only).run(1)


def test_a_mutant_that_a_function_shows_does_not_wait_for_the_cell_of_a_variable(tmp_path: Path) -> None:
    grader, tally = try_all_mutants(tmp_path / "two", *SOLUTION)
    assert (tally.tried, tally.survivors) == (tally.made, ())
    in_function, in_variable = grader.short - 1, grader.long - 1  # and the solution itself once each
    assert in_function > 0
    assert in_variable > 0
    assert in_function + in_variable == tally.made


def test_what_only_the_variable_shows_is_caught_all_the_same(tmp_path: Path) -> None:
    # The check calls the function with 3 alone, so what is done with other numbers shows in the variable.
    blind = "def double(x):\n    return x + x if x == 3 else 2 * x"
    grader, tally = try_all_mutants(tmp_path / "two", blind, SOLUTION[1])
    assert all("else 2 * x" in mutant.source for mutant in tally.survivors)
    assert grader.short + grader.long > tally.made + 2  # some were graded twice
