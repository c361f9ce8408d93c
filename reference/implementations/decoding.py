"""Choosing the next token of a language model, beam search, and known mistakes.

A model is a function from token numbers to the logits (vocabulary,) of the next one. `p` is the distribution over the
vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.comparators.draws import noticed

Floats: TypeAlias = NDArray[np.float64]
Ids: TypeAlias = tuple[int, ...]
Step: TypeAlias = Callable[[Ids], Floats]  # token numbers -> probabilities of the next


def tempered(p: Floats, power: float = 0.5) -> Floats:
    """Another distribution with the same order of tokens."""
    raised = p**power
    return np.asarray(raised / raised.sum(), dtype=np.float64)


def _kept(p: Floats, keep: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(keep, p, 0.0) / p[keep].sum(), dtype=np.float64)


def top_k(p: Floats, k: int) -> Floats:
    """The k most likely tokens, renormalised."""
    return _kept(p, p >= np.sort(p)[::-1][k - 1])


def nucleus(p: Floats, thresh: float) -> Floats:
    """The fewest most likely tokens whose probabilities add up to more than `thresh`, renormalised."""
    return top_k(p, nucleus_size(p, thresh))


def nucleus_size(p: Floats, thresh: float) -> int:
    return int(np.argmax(np.cumsum(np.sort(p)[::-1]) > thresh)) + 1


def kth_most_likely(p: Floats, k: int) -> int:
    """k = 0 is the most likely token."""
    return int(np.argsort(-p, kind="stable")[k])


def beam_search(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    """The most likely of the `n_beam` hypotheses kept at every length, `beam_length` tokens longer than `start`."""
    return _search(step, start, n_beam, beam_length, continued=n_beam, kept=n_beam)


def fewer_continued(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    """Every hypothesis is continued with one token fewer than it should be."""
    return _search(step, start, n_beam, beam_length, continued=n_beam - 1, kept=n_beam)


def fewer_kept(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    """One hypothesis fewer is kept than should be."""
    return _search(step, start, n_beam, beam_length, continued=n_beam, kept=n_beam - 1)


def _search(step: Step, start: Ids, n_beam: int, beam_length: int, *, continued: int, kept: int) -> Ids:
    beams = _continued(step, (start, 0.0), n_beam)
    for _ in range(beam_length - 1):
        beams = _best([longer for beam in beams for longer in _continued(step, beam, continued)], kept)
    return beams[0][0]


def beam_search_handed_out(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    """What the material's own procedure gives, in which a beam grows while it is being continued.

    Its helper changes the beam that it is given, so the second continuation of a beam starts from the first one.
    """
    beams = _continued(step, (start, 0.0), n_beam)
    for _ in range(beam_length - 1):
        everything = []
        for beam in beams:
            growing = beam
            for k in range(n_beam):
                growing = _extended(step, growing, k)
                everything.append(growing)
        beams = _best(everything, n_beam)
    return beams[0][0]


def _extended(step: Step, beam: tuple[Ids, float], k: int) -> tuple[Ids, float]:
    ids, log_prob = beam
    p = step(ids)
    token = kth_most_likely(p, k)
    return (*ids, token), log_prob + float(np.log(p[token]))


def _continued(step: Step, beam: tuple[Ids, float], n_beam: int) -> list[tuple[Ids, float]]:
    return [_extended(step, beam, k) for k in range(n_beam)]


def _best(beams: list[tuple[Ids, float]], count: int) -> list[tuple[Ids, float]]:
    return sorted(beams, key=lambda beam: -beam[1])[:count]


def greedy(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    ids = start
    for _ in range(beam_length):
        ids = (*ids, kth_most_likely(step(ids), 0))
    return ids


def last_probability_only(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    """Hypotheses compared by their last token alone."""
    beams = [(ids, log_prob) for ids, log_prob in _continued(step, (start, 0.0), n_beam)]
    for _ in range(beam_length - 1):
        beams = _best([longer for ids, _ in beams for longer in _continued(step, (ids, 0.0), n_beam)], n_beam)
    return beams[0][0]


def worst_kept(step: Step, start: Ids, n_beam: int, beam_length: int) -> Ids:
    beams = _continued(step, (start, 0.0), n_beam)
    for _ in range(beam_length - 1):
        longer = [one for beam in beams for one in _continued(step, beam, n_beam)]
        beams = sorted(longer, key=lambda beam: beam[1])[:n_beam]
    return beams[0][0]


# (key, sentence, distribution by (p, setting)): what a sampling function may draw from instead.
Wrong: TypeAlias = tuple[str, str, Callable[[Floats, float], Floats]]


def _one_hot(p: Floats, token: int) -> Floats:
    return np.asarray(np.eye(len(p))[token], dtype=np.float64)


def _uniform(kept: Floats) -> Floats:
    return np.asarray((kept > 0) / np.count_nonzero(kept), dtype=np.float64)


ANY: tuple[Wrong, ...] = (
    (
        "always-best",
        "It always takes the most likely token; a random one is asked.",
        lambda p, s: _one_hot(p, int(np.argmax(p))),
    ),
    (
        "uniform",
        "All tokens are equally likely; they must be drawn by their probabilities.",
        lambda p, s: np.full(len(p), 1 / len(p)),
    ),
)
SAMPLE = ANY
TOP_K: tuple[Wrong, ...] = (
    *ANY,
    ("k-ignored", "k is not used: it is always 20.", lambda p, s: top_k(p, 20)),
    ("k-ignored", "k is not used: it is always 10.", lambda p, s: top_k(p, 10)),
    ("not-truncated", "Any token can come: only the k most likely ones may.", lambda p, s: p),
    (
        "one-too-many",
        "The k+1 most likely tokens can come: the k-th of a sorted array has the index k - 1.",
        lambda p, s: top_k(p, int(s) + 1),
    ),
    ("one-too-few", "Only the k-1 most likely tokens can come.", lambda p, s: top_k(p, max(int(s) - 1, 1))),
    (
        "uniform-among-kept",
        "The k tokens are equally likely; they keep their probabilities.",
        lambda p, s: _uniform(top_k(p, int(s))),
    ),
    (
        "least-likely",
        "The least likely tokens are cut in the wrong direction: the array is sorted upwards.",
        lambda p, s: _kept(p, p >= np.sort(p)[int(s) - 1]),
    ),
    ("least-likely", "The k least likely tokens are drawn from.", lambda p, s: _kept(p, p <= np.sort(p)[int(s) - 1])),
    (
        "not-sorted",
        "The probabilities are not sorted before the k-th is taken.",
        lambda p, s: _kept(p, p >= p[int(s) - 1]),
    ),
    ("not-sorted", "The probabilities are not sorted before the k-th is taken.", lambda p, s: _kept(p, p >= p[int(s)])),
)
NUCLEUS: tuple[Wrong, ...] = (
    *ANY,
    ("not-truncated", "Any token can come: only the nucleus may.", lambda p, s: p),
    (
        "not-sorted",
        "The probabilities are not sorted before they are added up.",
        lambda p, s: _kept(p, p >= p[int(np.argmax(np.cumsum(p) > s))]),
    ),
    (
        "sorted-upwards",
        "The probabilities are sorted upwards; the most likely ones come first.",
        lambda p, s: _kept(p, p >= np.sort(p)[int(np.argmax(np.cumsum(np.sort(p)) > s))]),
    ),
    (
        "not-summed",
        "The probabilities are not added up before they are compared with the threshold.",
        lambda p, s: _kept(p, p >= np.sort(p)[::-1][int(np.argmax(np.sort(p)[::-1] > s))]),
    ),
    (
        "one-too-few",
        "The token that carries the sum over the threshold belongs to the nucleus.",
        lambda p, s: top_k(p, max(nucleus_size(p, s) - 1, 1)),
    ),
    ("one-too-many", "One token more than the nucleus can come.", lambda p, s: top_k(p, nucleus_size(p, s) + 1)),
    (
        "uniform-among-kept",
        "The kept tokens are equally likely; they keep their probabilities.",
        lambda p, s: _uniform(nucleus(p, s)),
    ),
    ("threshold-ignored", "`thresh` is not used: it is always 0.25.", lambda p, s: nucleus(p, 0.25)),
    ("threshold-ignored", "`thresh` is not used: it is always 0.2.", lambda p, s: nucleus(p, 0.2)),
    (
        "threshold-as-probability",
        "The threshold is compared with single probabilities, not with their sum.",
        lambda p, s: _kept(p, (p >= s) | (p == p.max())),
    ),
)

LEAST_DIFFERENCE = 0.03


def tells(p: Floats, setting: float, right: Callable[[Floats, float], Floats], known: tuple[Wrong, ...]) -> bool:
    """Does every known mistake show at these probabilities? (Total variation from the right distribution.)"""
    wanted = right(p, setting)
    with np.errstate(all="ignore"):
        return all(0.5 * np.abs(wrong(p, setting) - wanted).sum() > LEAST_DIFFERENCE for _, _, wrong in known)


# Mistakes that nothing, or too little, tells from each other: the first one in its tuple is named.
ALIKE = ({"always-best", "not-summed", "threshold-as-probability"}, {"not-truncated", "least-likely"})


def all_apart(
    ps: Sequence[Floats],
    settings: Sequence[float],
    right: Callable[[Floats, float], Floats],
    known: tuple[Wrong, ...],
    draws: int,
) -> bool:
    """Over all trials together: is every known mistake told from what is right, and from those named before it?"""
    with np.errstate(all="ignore"):
        made = [[rule(p, s) for p, s in zip(ps, settings, strict=True)] for rule in (right, *(w[2] for w in known))]
    keys = ["", *(wrong[0] for wrong in known)]
    return all(
        any(noticed(a, b, draws) for a, b in zip(made[i], made[j], strict=True))
        for i in range(1, len(keys))
        for j in range(i)
        if keys[i] != keys[j] and not any({keys[i], keys[j]} <= alike for alike in ALIKE)
    )
