"""Decoding on small models, against searching through everything."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from reference.comparators.draws import all_fit
from reference.implementations import decoding
from reference.implementations.small_models import SmallModel, drawn_model, models_apart, searching_matters, stepper


def test_top_k_keeps_k_tokens_in_their_proportions() -> None:
    p = np.array([0.1, 0.4, 0.2, 0.3])
    assert np.allclose(decoding.top_k(p, 2), [0, 4 / 7, 0, 3 / 7])


@pytest.mark.parametrize(("thresh", "size"), [(0.1, 1), (0.39, 1), (0.45, 2), (0.75, 3), (0.95, 4)])
def test_the_nucleus_holds_the_token_that_crosses_the_threshold(thresh: float, size: int) -> None:
    assert decoding.nucleus_size(np.array([0.1, 0.4, 0.2, 0.3]), thresh) == size


def test_a_beam_as_wide_as_the_vocabulary_finds_the_most_likely_sequence() -> None:
    model = SmallModel.draw(np.random.default_rng(0), vocabulary=5)

    def log_probability(ids: tuple[int, ...]) -> float:
        return sum(float(np.log(model.probabilities(ids[:i])[ids[i]])) for i in range(2, len(ids)))

    everything = [(0, 1, *rest) for rest in itertools.product(range(5), repeat=2)]
    assert decoding.beam_search(model.probabilities, (0, 1), 5, 2) == max(everything, key=log_probability)


def test_one_beam_is_greedy() -> None:
    model = SmallModel.draw(np.random.default_rng(1))
    assert decoding.beam_search(model.probabilities, (3,), 1, 5) == decoding.greedy(model.probabilities, (3,), 1, 5)


@pytest.mark.parametrize("seed", range(20))
def test_prompts_are_drawn_at_which_searching_matters(seed: int) -> None:
    model, ids = searching_matters(np.random.default_rng(seed), 3, 4)
    for power in (1.0, 0.5):
        step = stepper(model, power)
        greedy = decoding.greedy(step, tuple(ids), 3, 4)
        assert decoding.beam_search(step, tuple(ids), 3, 4) != greedy
        assert decoding.beam_search_handed_out(step, tuple(ids), 3, 4) != greedy


@pytest.mark.parametrize("seed", range(5))
def test_with_two_hypotheses_a_narrower_search_finds_something_else(seed: int) -> None:
    model, ids = searching_matters(np.random.default_rng(seed), 2, 6)
    for power in (1.0, 0.5):
        step = stepper(model, power)
        right = decoding.beam_search(step, tuple(ids), 2, 6)
        assert decoding.fewer_continued(step, tuple(ids), 2, 6) != right
        assert decoding.fewer_kept(step, tuple(ids), 2, 6) != right


def top_k(p: np.ndarray, setting: float) -> np.ndarray:
    return decoding.top_k(p, int(setting))


@pytest.mark.parametrize("seed", range(20))
def test_prompts_are_found_at_which_every_mistake_shows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for known, right, setting in ((decoding.TOP_K, top_k, 5.0), (decoding.NUCLEUS, decoding.nucleus, 0.6)):
        wanted = functools.partial(decoding.tells, setting=setting, right=right, known=known)
        model, ids = drawn_model(rng, wanted)
        p = model.probabilities(ids)
        for key, _, wrong in known:
            with np.errstate(all="ignore"):
                assert not np.allclose(wrong(p, setting), right(p, setting)), key


@pytest.mark.parametrize("seed", range(5))
def test_models_are_drawn_at_which_each_mistake_is_told_from_the_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for known, right, settings in (
        (decoding.TOP_K, top_k, (3.0, 5.0, 7.0)),
        (decoding.NUCLEUS, decoding.nucleus, (0.45, 0.65, 0.8)),
    ):
        drawn = models_apart(rng, settings, right, known, 2000)
        ps = [model.probabilities(ids) for model, ids in drawn]
        for key, _, wrong in known:
            with np.errstate(all="ignore"):
                made = [rng.multinomial(2000, wrong(p, s)).astype(float) for p, s in zip(ps, settings, strict=True)]
                named = [k for k, _, w in known if all_fit(made, [w(p, s) for p, s in zip(ps, settings, strict=True)])]
            alike = next((group for group in decoding.ALIKE if key in group), {key})
            assert set(named[:1]) <= alike
            assert named
            assert not all_fit(made, [right(p, s) for p, s in zip(ps, settings, strict=True)])
