"""The check of training 1 passes what is right and names what is wrong, whatever the functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from reference.implementations import line_search
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import RUNS, assert_solution_passes, assert_starter_runs_and_earns_nothing, judge

SLUG = "training-1-line-search"


def test_the_solution_passes_on_any_functions() -> None:
    assert_solution_passes(SLUG)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG)


def searching(rules: line_search.Rules) -> Callable[..., Any]:
    def student(loss_function: Any, thresh: float = 1e-4, max_iter: int = 10, draw_flag: bool = False) -> float:
        return line_search.search(loss_function, thresh=thresh, max_iter=max_iter, rules=rules)

    return student


def rules_of(wrong: Callable[..., Any]) -> line_search.Rules:
    cells: Sequence[Any] = wrong.__closure__ or ()
    return next(cell.cell_contents for cell in cells if isinstance(cell.cell_contents, line_search.Rules))


@pytest.mark.parametrize("number", range(1, len(line_search.LINE_SEARCH)))
def test_mistakes_in_the_rules_are_named(number: int) -> None:
    known = line_search.LINE_SEARCH[number]
    ask = DirectAsk([])
    ask.namespace["line_search"] = searching(rules_of(known.wrong))
    for seed in range(RUNS):
        outcome = judge(SLUG, "line_search", ask, seed)
        assert (outcome.fraction, outcome.diagnosis) == (0, known.key), (seed, outcome)


def test_a_search_that_gives_up_early_is_not_right() -> None:
    ask = DirectAsk([])
    ask.namespace["line_search"] = lambda loss_function, **options: line_search.search(loss_function, max_iter=5)
    for seed in range(RUNS):
        assert judge(SLUG, "line_search", ask, seed).fraction == 0
