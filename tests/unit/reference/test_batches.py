"""Stochastic steps are traced back to their batches; what is no right way to draw them is named."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from reference.comparators.batches import BatchesWanted, compare_steps
from reference.comparators.numbers import Floats
from reference.plain import Plain

N, SIZE, ALPHA, CALLS = 8, 3, 0.4, 80


def wanted(seed: int = 0) -> BatchesWanted:
    rng = np.random.default_rng(seed)
    return BatchesWanted(rng.normal(size=(2, 1)), rng.normal(size=(2, N)), ALPHA, SIZE)


def results(want: BatchesWanted, draw: Callable[[], list[int]], factor: float = 1.0) -> list[Plain]:
    steps: Iterator[Floats] = (want.gradients[:, draw()].sum(axis=1, keepdims=True) for _ in range(CALLS))
    return [want.start - factor * ALPHA * step for step in steps]


def test_random_batches_are_right_thousands_of_times_over() -> None:
    rng = np.random.default_rng(1)
    want = wanted()
    for _ in range(2_000):
        assert compare_steps(results(want, lambda: list(rng.permutation(N)[:SIZE])), want).equal


def test_batches_drawn_with_replacement_are_right() -> None:
    rng = np.random.default_rng(2)
    want = wanted()
    assert compare_steps(results(want, lambda: list(rng.integers(0, N, size=SIZE))), want).equal


def test_flat_arrays_are_read_as_parameters() -> None:
    rng = np.random.default_rng(3)
    want = wanted()
    steps = results(want, lambda: list(rng.permutation(N)[:SIZE]))
    assert compare_steps([np.asarray(step, dtype=np.float64).ravel() for step in steps], want).equal


@pytest.mark.parametrize(
    ("draw", "factor", "key"),
    [
        (lambda rng: [0, 1, 2], 1.0, "first-points"),
        (lambda rng: [5, 1, 2], 1.0, "always-same-batch"),
        (lambda rng: list(rng.permutation(N - 1)[:SIZE]), 1.0, "points-never-drawn"),
        (lambda rng: [0, *(1 + rng.permutation(N - 1)[: SIZE - 1])], 1.0, "points-not-alike"),
        (lambda rng: list(rng.permutation(N)[:SIZE]), -1.0, "step-uphill"),
        (lambda rng: list(rng.permutation(N)[:SIZE]), 1 / SIZE, "mean-for-sum"),
        (lambda rng: list(rng.permutation(N)[:SIZE]), 0.0, "placeholder"),
        (lambda rng: list(rng.permutation(N)[:SIZE]), 1 / ALPHA, "step-length"),
        (lambda rng: list(rng.permutation(N)[: SIZE + 1]), 1.0, "batch-size-ignored"),
        (lambda rng: list(range(N)), 1.0, "whole-data-set"),
    ],
)
def test_wrong_ways_are_named(draw: Callable[[np.random.Generator], list[int]], factor: float, key: str) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        want = wanted(seed)
        result = compare_steps(results(want, lambda rng=rng: draw(rng), factor), want)  # type: ignore[misc]
        assert (result.equal, result.diagnosis) == (False, key)


def test_steps_on_no_batch_are_wrong() -> None:
    rng = np.random.default_rng(4)
    want = wanted()
    assert not compare_steps([want.start + rng.normal(size=(2, 1)) for _ in range(CALLS)], want).equal


def test_one_wrong_step_among_right_ones_is_wrong() -> None:
    rng = np.random.default_rng(5)
    want = wanted()
    steps = results(want, lambda: list(rng.permutation(N)[:SIZE]))
    steps[17] = np.asarray(steps[17], dtype=np.float64) + 1e-3
    assert not compare_steps(steps, want).equal


@pytest.mark.parametrize("got", [None, [], [None], [np.full((2, 1), np.nan)], [np.zeros(3)], "text", [["a", "b"]]])
def test_anything_else_is_wrong_and_raises_nothing(got: object) -> None:
    assert not compare_steps(got, wanted()).equal  # type: ignore[arg-type]


def test_every_batch_is_found() -> None:
    want = wanted()
    batches, sums = want.batches
    assert batches == list(itertools.combinations(range(N), SIZE))
    assert sums[5] == pytest.approx(want.gradients[:, list(batches[5])].sum(axis=1))
