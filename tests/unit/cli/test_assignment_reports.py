"""What `grader assignment test` says of many draws, and its table in Markdown."""

from __future__ import annotations

import pytest

from grader.cli.assignment.examples import count_differences
from grader.cli.assignment.mutants import Tally
from grader.cli.assignment.test_view import show_markdown
from grader.cli.assignment.testing import Report
from worker.contract import Seconds


def test_a_difference_is_told_once_with_its_draws_and_a_seed() -> None:
    each = [[], ["f: diagnosis 'a', expected 'b' (off by 3 %)"], ["f: diagnosis 'a', expected 'b' (off by 4 %)"], []]
    assert count_differences([7, 8, 9, 10], each) == (
        "in 2 of 4 draws (--seed 8): f: diagnosis 'a', expected 'b' (off by 3 %)",
    )
    assert count_differences([7, 8], [[], []]) == ()


def test_the_table_has_a_row_an_assignment_and_dashes_for_what_was_not_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally(made=30, tried=20, caught=15, raised=5, equivalent={"x": "because"})
    show_markdown(
        [
            Report("one", 100.0, 7, 12.4, tally=tally, solution=Seconds(1.5, 1.0, 0.5)),
            Report("two", 40.0, 3, 1.2),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "| one | 100 | 1.50 | 1.00 | 0.50 | 15 of 30 | 5 | 1 | 0 | 9 | 7 |"
    assert lines[3] == "| two | 40 | – | – | – | – | – | – | – | – | 3 |"
    assert {line.count("|") for line in lines[:4]} == {12}
    assert lines[4:] == ["", "10 cases of 2 assignments, graded in 14 s."]
