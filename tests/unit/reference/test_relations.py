"""Relations between wrong and right results."""

import numpy as np
import pytest

from reference.comparators.arrays import Tolerance
from reference.relations import Pair, diagnose

RNG = np.random.default_rng(5)
WANTED = [RNG.uniform(0.2, 3.0, size=(4, 3)), RNG.uniform(0.2, 3.0, size=(5, 2))]


def of(transform, count=7):
    return diagnose([Pair(np.asarray(transform(want)), want, count + i) for i, want in enumerate(WANTED)])


@pytest.mark.parametrize(
    ("key", "transform"),
    [
        ("minus-sign", lambda w: -w),
        ("factor-2", lambda w: 2 * w),
        ("factor-half", lambda w: w / 2),
        ("factor-minus-2", lambda w: -2 * w),
        ("percentage", lambda w: 100 * w),
        ("proportion", lambda w: w / 100),
        ("factor-pi", lambda w: np.pi * w),
        ("factor-1-over-pi", lambda w: w / np.pi),
        ("log10", lambda w: w / np.log(10)),
        ("log2", lambda w: w / np.log(2)),
        ("natural-for-log10", lambda w: w * np.log(10)),
        ("natural-for-log2", lambda w: w * np.log(2)),
        ("complement", lambda w: 1 - w),
        ("reciprocal", lambda w: 1 / w),
        ("square-root-missing", lambda w: w**2),
        ("square-missing", np.sqrt),
        ("log-missing", np.exp),
        ("minus-log-missing", lambda w: np.exp(-w)),
        ("log-too-many", np.log),
        ("minus-log-too-many", lambda w: -np.log(w)),
        ("off-by-one", lambda w: w + 1),
        ("off-by-minus-one", lambda w: w - 1),
        ("constant-factor", lambda w: 3.7 * w),
        ("constant-factor", lambda w: 1.01 * w),
        ("constant-offset", lambda w: w + 0.37),
        ("constant", lambda w: np.full_like(w, 1.0)),
        ("rounded-3", lambda w: np.round(w, 3)),
        ("rounded-integer", np.round),
        ("rounded-float16", lambda w: w.astype(np.float16)),
        ("truncated-integer", np.trunc),
    ],
)
def test_a_relation_that_explains_everything_is_named(key, transform):
    found = of(transform)
    assert found is not None
    assert found.key == key
    assert found.sentence


def test_a_mean_for_a_sum_is_told_by_the_number_of_points():
    pairs = [Pair(np.array(want / n), np.array(want), n) for want, n in ((3.1, 4), (7.7, 9), (2.2, 30))]
    found = diagnose(pairs)
    assert found is not None
    assert found.key == "mean-for-sum"


def test_a_sum_for_a_mean_is_told_by_the_number_of_points():
    found = diagnose([Pair(np.array(want * n), np.array(want), n) for want, n in ((3.1, 4), (7.7, 9), (2.2, 30))])
    assert found is not None
    assert found.key == "sum-for-mean"


def test_lost_signs_are_named():
    want = RNG.normal(size=12)
    found = diagnose([Pair(np.abs(want), want)])
    assert found is not None
    assert found.key == "absolute-value"


def test_rounding_to_single_precision_is_named_where_the_task_asks_for_more_digits():
    tight = Tolerance(relative=1e-10)
    found = diagnose([Pair(w.astype(np.float32).astype(np.float64), w, 0, tight) for w in WANTED])
    assert found is not None
    assert found.key == "rounded-float32"


@pytest.mark.parametrize("error", [1e-4, 1e-5, 3e-6, 1.5e-6])
def test_a_small_inexactness_is_no_relation(error):
    for wanted in (WANTED, [RNG.normal(size=(4, 3)), RNG.normal(size=(5, 2))]):
        noise = [w * (1 + error * RNG.uniform(0.5, 1.0, size=w.shape)) for w in wanted]
        for got in (noise, [w * (1 + error) for w in wanted], [w + error for w in wanted]):
            assert diagnose([Pair(g, w) for g, w in zip(got, wanted, strict=True)]) is None


def test_a_relation_has_to_explain_as_tightly_as_the_comparison():
    noise = [RNG.uniform(-1, 1, size=w.shape) for w in WANTED]

    def twice(error, tolerance):
        return diagnose([Pair(2 * w * (1 + error * n), w, 0, tolerance) for w, n in zip(WANTED, noise, strict=True)])

    assert twice(5e-7, Tolerance()) is not None
    assert twice(5e-6, Tolerance()) is None
    assert twice(5e-6, Tolerance(relative=1e-4)) is not None


def test_what_the_comparison_hardly_tells_apart_is_no_relation():
    wide = Tolerance(relative=0.1)
    assert diagnose([Pair(1.2 * w, w, 0, wide) for w in WANTED]) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_related_to_nothing(bad):
    want = np.array([1.0, 2.0, 3.0])
    for got in (np.full(3, bad), np.array([2.0, 4.0, bad]), np.array([bad, 1.0, 2.0])):
        assert diagnose([Pair(got, want)]) is None
    assert diagnose([Pair(np.array([bad, 4.0, 6.0]), np.array([bad, 2.0, 3.0]))]) is None


def test_a_symmetric_matrix_is_not_transposed():
    want = np.array([[1.0, 2.0], [2.0, 5.0]])
    assert diagnose([Pair(want * (1 + 2e-6), want)]) is None


def test_a_transposed_matrix_is_named():
    square = [RNG.normal(size=(4, 4)), RNG.normal(size=(3, 3))]
    found = diagnose([Pair(w.T, w) for w in square])
    assert found is not None
    assert found.key == "transposed"


def test_a_shift_by_one_place_is_named():
    want = RNG.normal(size=9)
    found = diagnose([Pair(np.roll(want, 1), want)])
    assert found is not None
    assert found.key == "off-by-one-index"


def test_a_relation_that_holds_only_for_some_results_is_not_named():
    pairs = [Pair(-WANTED[0], WANTED[0]), Pair(WANTED[1] * 1.7 + 0.2, WANTED[1])]
    assert diagnose(pairs) is None


def test_one_single_number_proves_nothing():
    assert diagnose([Pair(np.array(-2.0), np.array(2.0))]) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308, 0.0])
def test_hostile_numbers_find_no_relation_and_raise_nothing(bad):
    found = diagnose([Pair(np.array([bad, 1.0, bad]), np.array([1.0, 2.0, 3.0])), Pair(np.array(bad), np.array(2.0))])
    assert found is None


def test_random_results_find_no_relation():
    for seed in range(300):
        rng = np.random.default_rng(seed)
        pairs = [Pair(rng.normal(size=2), rng.normal(size=2), 5) for _ in range(3)]
        assert diagnose(pairs) is None
