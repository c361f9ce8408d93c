"""The comparison refuses to time a tool that does not grade, and its tests find what they have to find."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import equivalent_tests, nbgrader_course, table
from benchmarks.peers.__main__ import names
from benchmarks.peers.contender import Case, Marks, PeerError
from benchmarks.peers.measuring import Batch, Comparison, Figures, batches, compare, verify
from benchmarks.peers.notebooks import (
    FUNCTIONS,
    HYPERSPHERES,
    POINTS,
    defining_cell,
    read,
    source,
    submissions,
    with_function,
)
from benchmarks.peers.places import ROOT
from reference.implementations import hypersphere

RIGHT = {
    "distance_ratio": hypersphere.distance_ratio,
    "volume_of_hypersphere": hypersphere.volume_of_hypersphere,
    "get_prop_of_volume_in_outer_1_percent": hypersphere.prop_of_volume_in_outer_1_percent,
}
CASE = Case("k", "a notebook", "slug", ("f", "g"), Path("solved"), Path("wrong"), "g")
ALL_RIGHT = {"f": 1.0, "g": 1.0}
G_WRONG = {"f": 1.0, "g": 0.0}


class Scripted:
    """A tool that marks notebooks as the test says."""

    what = "scripted"

    def __init__(self, mark: Callable[[Path], Marks], name: str = "scripted", grades: bool = True) -> None:
        self.name = name
        self.grades = grades
        self._mark = mark
        self._staged: Sequence[Path] = ()
        self.batches: list[int] = []

    def prepare(self) -> None: ...

    def close(self) -> None: ...

    def stage(self, notebooks: Sequence[Path]) -> None:
        self._staged = notebooks

    def run(self) -> list[float]:
        self.batches.append(len(self._staged))
        return [0.5] * len(self._staged)

    def marks(self) -> list[Marks]:
        return [self._mark(notebook) for notebook in self._staged]


def same(notebook: Path, count: int) -> list[Path]:
    return [notebook] * count


def honest(notebook: Path) -> Marks:
    return ALL_RIGHT if notebook == CASE.solved else G_WRONG


def test_a_tool_that_tells_right_from_wrong_is_accepted() -> None:
    verify(Scripted(honest), CASE)


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        (lambda _: ALL_RIGHT, "points were lost in set()"),
        (lambda _: G_WRONG, "did not get full marks: g 0.0"),
        (lambda _: {}, "f not graded, g not graded"),
        (lambda nb: ALL_RIGHT if nb == CASE.solved else {"f": 0.0, "g": 0.0}, "points were lost in"),
    ],
)
def test_a_tool_that_grades_nothing_or_wrongly_is_refused(mark: Callable[[Path], Marks], complaint: str) -> None:
    with pytest.raises(PeerError) as caught:
        verify(Scripted(mark), CASE)
    assert complaint in str(caught.value)


def test_an_executor_that_takes_wrong_outputs_for_right_ones_is_refused() -> None:
    verify(Scripted(lambda nb: {"executed": float(nb == CASE.solved)}, grades=False), CASE)
    with pytest.raises(PeerError, match="wrong notebook were taken for right"):
        verify(Scripted(lambda _: {"executed": 1.0}, grades=False), CASE)


def test_a_timed_run_that_loses_marks_is_no_measurement() -> None:
    with pytest.raises(PeerError, match="full marks"):
        compare(CASE, [Scripted(lambda _: G_WRONG)], [Batch(1, 1)], print, copies=same)


def test_every_tool_gets_every_submission_and_they_take_turns() -> None:
    turns: list[str] = []
    tools = [Scripted(honest, "a"), Scripted(honest, "b")]
    shares = batches(5, 8, 2)
    result = compare(CASE, tools, shares, lambda text: turns.append(text.split(", ")[1].split(":")[0]), copies=same)
    assert turns == ["a", "b", "b", "a"]
    assert [tool.batches for tool in tools] == [[3, 2], [3, 2]]
    assert [(len(f.seconds), f.rounds, f.per_minute) for f in result.figures] == [(5, [0.5, 0.5], 120.0)] * 2


def test_no_further_round_is_begun_when_the_time_is_up() -> None:
    tool = Scripted(honest)
    assert compare(CASE, [tool], [Batch(3, 9)] * 2, print, until=0.0, copies=same).rounds == [Batch(3, 9)]
    assert tool.batches == [3]


@pytest.mark.parametrize(("submissions", "rounds", "shares"), [(20, 4, [5] * 4), (7, 3, [3, 2, 2]), (2, 4, [1, 1])])
def test_submissions_are_shared_out_evenly(submissions: int, rounds: int, shares: list[int]) -> None:
    assert [batch.peers for batch in batches(submissions, 90, rounds)] == shares


def test_ours_is_given_more_than_tools_that_take_long() -> None:
    tools = [Scripted(honest, "slow"), Scripted(honest, "ours, quick")]
    compare(CASE, tools, batches(2, 6, 2), print, copies=same)
    assert [tool.batches for tool in tools] == [[1, 1], [3, 3]]


def test_every_submission_is_another_notebook(tmp_path: Path) -> None:
    solved = ROOT / "assignments" / HYPERSPHERES / "solution.ipynb"
    notebooks = [read(path) for path in submissions(solved, 3, tmp_path)]
    cells = [source(cell) for notebook in notebooks for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(set(cells)) == len(cells)


def test_the_table_has_ratios_and_what_is_beyond_the_bare_cells() -> None:
    figures = [
        Figures("nbgrader", "", [4.0, 6.0], [4.0, 6.0]),
        Figures("ours", "", [1.0, 1.0], [1.0, 1.0]),
        Figures("bare", "", [0.5, 0.5], [0.5, 0.5]),
    ]
    comparison = Comparison(CASE, [Batch(1, 1)] * 2, figures, (0.0, 0.0))
    data = table.data(comparison)
    assert data["ratios"] == {"ours": {"nbgrader": {"median": 5.0, "rounds": [4.0, 6.0]}}}
    assert [tool["beyond_bare_s"] for tool in data["tools"]] == [4.5, 0.5, None]
    row = next(line for line in table.text(comparison).splitlines() if line.startswith("nbgrader "))
    assert row.split()[-3:] == ["12.0", "5.00", "(4.00-6.00)"]
    json.dumps(data)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_equivalent_tests_pass_the_reference(function: str) -> None:
    exec(equivalent_tests.body(function), dict(RIGHT))


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        ("distance_ratio", lambda x: hypersphere.distance_ratio(x.T)),
        ("distance_ratio", lambda x: hypersphere.distance_ratio(x) ** 2),
        ("volume_of_hypersphere", lambda d, n: hypersphere.volume_of_hypersphere(2 * d, n)),
        ("get_prop_of_volume_in_outer_1_percent", lambda d: 0.99**d),
        ("get_prop_of_volume_in_outer_1_percent", lambda d: np.nan),
    ],
)
def test_the_equivalent_tests_fail_a_wrong_function(function: str, wrong: Callable[..., float]) -> None:
    with pytest.raises(AssertionError):
        exec(equivalent_tests.body(function), {**RIGHT, function: wrong})


def test_nbgraders_source_has_a_solution_cell_and_hidden_tests_for_each_function() -> None:
    notebook = nbgrader_course.source_notebook()
    settings = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    assert [s["grade_id"] for s in settings if s["solution"]] == list(FUNCTIONS)
    assert [s["points"] for s in settings if s["grade"]] == list(POINTS.values())
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


def test_a_submission_keeps_the_students_cells_and_the_released_tests() -> None:
    released = {"cells": [{"id": "a", "source": "stub"}, {"id": "a-tests", "source": "# hidden"}]}
    handed_in = nbgrader_course.filled_in(released, {"cells": [{"id": "a", "source": ["x = ", "1"]}]})
    assert [cell["source"] for cell in handed_in["cells"]] == ["x = 1", "# hidden"]
    assert released["cells"][0]["source"] == "stub"


def test_one_function_is_replaced_in_a_copy() -> None:
    notebook = {"cells": [{"cell_type": "code", "source": "def f(x):\n    return 1"}]}
    changed = with_function(notebook, "f", "def f(x):\n    return 2")
    assert source(changed["cells"][0]).endswith("2")
    assert source(defining_cell(notebook, "f")).endswith("1")
    with pytest.raises(LookupError, match="0 cells define g"):
        with_function(notebook, "g", "")


def test_unknown_tools_are_named() -> None:
    parse = names(("nbgrader", "ours"))
    assert parse("ours, nbgrader") == ["ours", "nbgrader"]
    with pytest.raises(Exception, match="otter: choose from nbgrader, ours"):
        parse("otter")
