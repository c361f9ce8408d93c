"""Small language models with weights drawn for one run, and prompts at which mistakes show."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from reference.implementations.activations import softmax
from reference.implementations.decoding import (
    Floats,
    Ids,
    Step,
    Wrong,
    all_apart,
    beam_search,
    beam_search_handed_out,
    fewer_continued,
    fewer_kept,
    greedy,
    tells,
    tempered,
)

Search: TypeAlias = Callable[[Step, Ids, int, int], Ids]


@dataclass(frozen=True, eq=False)
class SmallModel:
    """Earlier tokens count less and less: logits = sum over s of decay^(t-s) embeddings[id_s] @ readout."""

    embeddings: Floats  # (vocabulary, width)
    readout: Floats  # (width, vocabulary)
    decay: float

    @classmethod
    def draw(cls, rng: np.random.Generator, vocabulary: int = 30, width: int = 6) -> SmallModel:
        embeddings = rng.normal(size=(vocabulary, width))
        readout = rng.normal(size=(width, vocabulary)) * 0.9 / np.sqrt(width) * 1.6
        return cls(embeddings, readout, float(rng.uniform(0.4, 0.7)))

    def probabilities(self, ids: Sequence[int]) -> Floats:
        """(vocabulary,) of the token after `ids`."""
        hidden = np.zeros(self.embeddings.shape[1])
        for token in ids:
            hidden = self.decay * hidden + self.embeddings[token]
        return softmax(hidden @ self.readout)

    @property
    def vocabulary(self) -> int:
        return len(self.embeddings)


def stepper(model: SmallModel, power: float = 1.0) -> Step:
    """The model's probabilities, flattened by `power`."""
    return lambda ids: model.probabilities(ids) if power == 1 else tempered(model.probabilities(ids), power)


def drawn_model(
    rng: np.random.Generator, wanted: Callable[[Floats], bool] = lambda p: True
) -> tuple[SmallModel, list[int]]:
    """A model and a prompt after which no two tokens are nearly equally likely, and `wanted` of the probabilities."""
    while True:
        model = SmallModel.draw(rng)
        ids = [int(i) for i in rng.integers(0, model.vocabulary, size=int(rng.integers(3, 6)))]
        p, first = model.probabilities(ids), model.probabilities(ids[:1])
        if len(set(ids)) == len(ids) and distinct(p) and distinct(first) and wanted(p):
            return model, ids


def models_apart(
    rng: np.random.Generator,
    settings: Sequence[float],
    right: Callable[[Floats, float], Floats],
    known: tuple[Wrong, ...],
    draws: int,
) -> list[tuple[SmallModel, list[int]]]:
    """One for each setting, at which no known mistake is taken for another, or for what is right, by chance."""
    while True:
        drawn = [drawn_model(rng, functools.partial(tells, setting=s, right=right, known=known)) for s in settings]
        ps = [model.probabilities(ids) for model, ids in drawn]
        if all_apart(ps, settings, right, known, draws):
            return drawn


def distinct(p: Floats) -> bool:
    ordered = np.sort(p)[::-1]
    return bool(np.all(ordered[:-1] / ordered[1:] > 1.001) and ordered[0] < 0.45 and ordered[8] > 0.02)


def searching_matters(rng: np.random.Generator, n_beam: int, length: int) -> tuple[SmallModel, list[int]]:
    """A model and a prompt for which the search, flattened or not, differs from taking the best each time. With more
    than two hypotheses so does its other right form; with two a search that is narrower by one differs, which is rare
    with more."""
    right = (beam_search, beam_search_handed_out) if n_beam > 2 else (beam_search,)
    others = (greedy,) if n_beam > 2 else (greedy, fewer_continued, fewer_kept)
    while True:
        model, ids = drawn_model(rng)
        if all(_matters(stepper(model, power), ids, n_beam, length, right, others) for power in (1.0, 0.5)):
            return model, ids


def _matters(
    step: Step, ids: Sequence[int], n_beam: int, length: int, right: Sequence[Search], others: Sequence[Search]
) -> bool:
    found = {search(step, tuple(ids), n_beam, length) for search in right}
    return all(other(step, tuple(ids), n_beam, length) not in found for other in others)
