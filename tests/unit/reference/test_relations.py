"""Relations between wrong and right results."""

import numpy as np
import pytest

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
        ("percentage", lambda w: 100 * w),
        ("factor-pi", lambda w: np.pi * w),
        ("log10", lambda w: w / np.log(10)),
        ("log2", lambda w: w / np.log(2)),
        ("complement", lambda w: 1 - w),
        ("reciprocal", lambda w: 1 / w),
        ("square-root-missing", lambda w: w**2),
        ("square-missing", np.sqrt),
        ("off-by-one", lambda w: w + 1),
        ("constant-factor", lambda w: 3.7 * w),
        ("constant-offset", lambda w: w + 0.37),
        ("constant", lambda w: np.full_like(w, 1.0)),
        ("rounded-3", lambda w: np.round(w, 3)),
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
