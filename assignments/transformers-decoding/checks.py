"""Decoding: the student's functions with small models and a tokenizer of the check's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assignments.asking import Call, Got
from assignments.vocabulary import Ask, Conclusion, FunctionTask, Outcome, Setting, Share, Trial, check, combine
from assignments.vocabulary.probes import as_probe, failed, judge_probe, missing_name, no_value
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.draws import all_fit, compare_draws
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import decoding
from reference.implementations.decoding import Ids
from reference.implementations.small_models import SmallModel, drawn_model, models_apart, searching_matters, stepper
from reference.misconceptions import Misconception
from reference.plain import Plain

DRAWS = 2000
MORE_MODELS = 24
TOKENS = Tolerance(relative=0.0, absolute=0.0)
LOG = Tolerance(relative=1e-4, absolute=1e-4)
FOLDER = Path(__file__).parent

# Model and tokenizer as students' code knows them, in plain code; what a failed import cell would have brought; and no
# printing of beams with a tokenizer that is not there.
WORLD = (FOLDER / "small_model.txt").read_text(encoding="utf-8")


def probe(name: str) -> str:
    return (FOLDER / "probes" / f"{name}.txt").read_text(encoding="utf-8")


ONE_STEP = f"{WORLD}\n{probe('one_step')}"
MANY_STEPS = f"{WORLD}\n{probe('many_steps').replace('{draws}', str(DRAWS))}"
TWO_STEPS = f"{WORLD}\n{probe('many_steps').replace('{draws}', '2')}"
LOG_PROBABILITY = f"{WORLD}\n{probe('log_probability')}"
# The right order of tokens, but of flattened probabilities: enough for a search, and not what the task asks for.
OTHER_HELPER = "\n" + probe("other_helper")


@check("sample_next_token")
def sample_next_token(ask: Ask) -> Outcome:
    return judge_draws(ask, "sample_next_token", [{}, {}, {}], lambda p, s: p, decoding.SAMPLE)


@check("get_top_k_token")
def get_top_k_token(ask: Ask) -> Outcome:
    settings = [{"k": k} for k in (3, 5, int(ask.rng.integers(6, 9)))]
    return judge_draws(ask, "get_top_k_token", settings, lambda p, s: decoding.top_k(p, int(s)), decoding.TOP_K)


@check("get_nucleus_sampling_token")
def get_nucleus_sampling_token(ask: Ask) -> Outcome:
    settings = [{"thresh": float(ask.rng.uniform(*between))} for between in ((0.4, 0.5), (0.6, 0.7), (0.75, 0.85))]
    return judge_draws(ask, "get_nucleus_sampling_token", settings, decoding.nucleus, decoding.NUCLEUS)


@check("get_best_next_token")
def get_best_next_token(ask: Ask) -> Outcome:
    def other(sentence: str, key: str, rule: Callable[[Floats], int]) -> Misconception:
        return Misconception(key, sentence, lambda *a: with_token(a, rule))

    known = (
        other("It takes the least likely token.", "least-likely", lambda p: int(np.argmin(p))),
        other("It takes the second most likely token.", "off-by-one", lambda p: decoding.kth_most_likely(p, 1)),
        Misconception(
            "first-position",
            "The probabilities after the first token are used; those after the last one count.",
            lambda name, e, r, d, ids, *rest: (*ids, int(np.argmax(SmallModel(e, r, d).probabilities(ids[:1])))),
        ),
    )
    return judge_tokens(ask, "get_best_next_token", [{}] * 6, lambda p, options: int(np.argmax(p)), known)


@check("get_kth_most_likely_token")
def get_kth_most_likely_token(ask: Ask) -> Outcome:
    name = "get_kth_most_likely_token"
    settings = [{"k": int(k)} for k in (0, 1, 2, ask.rng.integers(3, 8), ask.rng.integers(8, 28))]

    def other(key: str, sentence: str, rule: Callable[[Floats, int], int]) -> Misconception:
        return Misconception(key, sentence, lambda *a: with_token(a, lambda p: rule(p, a[5]["k"])))

    kth = decoding.kth_most_likely
    known = (
        other(
            "off-by-one",
            "k counts from 0: k = 0 is the most likely token. Here k = 1 is.",
            lambda p, k: kth(p, (k - 1) % len(p)),
        ),
        other(
            "off-by-one",
            "k counts from 0: here k = 0 gives the second most likely token.",
            lambda p, k: kth(p, (k + 1) % len(p)),
        ),
        other(
            "sorted-upwards", "The order is upside down: k = 0 gives the least likely token.", lambda p, k: kth(-p, k)
        ),
        other("not-sorted", "The probabilities are not sorted.", lambda p, k: k),
        other("k-ignored", "k is not used.", lambda p, k: kth(p, 0)),
        other("placeholder", "The token with the number 0 comes: a placeholder is still in place.", lambda p, k: 0),
    )
    token = judge_tokens(ask, name, settings, lambda p, options: kth(p, options["k"]), known)
    return combine(
        [Share(0.8, "the token", token), Share(0.2, "the log probability", judge_log_probability(ask, name, settings))]
    )


@check("do_beam_search")
def do_beam_search(ask: Ask) -> Outcome:
    name, shown = "do_beam_search", "do_beam_search(…)"
    trials = []
    for n_beam, length in ((3, 4), (4, 5), (2, 6)):
        model, ids = searching_matters(ask.rng, n_beam, length)
        options = {"n_beam": n_beam, "beam_length": length}
        trials.append(Trial(arguments(name, model, ids, options)))

    def searched(search: Callable[..., Ids], power: float = 1.0) -> Callable[..., Ids]:
        def result(name: str, e: Floats, r: Floats, d: float, ids: Ids, options: dict[str, int], *_: object) -> Ids:
            return search(stepper(SmallModel(e, r, d), power), tuple(ids), options["n_beam"], options["beam_length"])

        return result

    def known(power: float) -> list[Misconception]:
        def short(step: decoding.Step, ids: Ids, n: int, length: int) -> Ids:
            return decoding.beam_search(step, ids, n, length - 1)

        def long(step: decoding.Step, ids: Ids, n: int, length: int) -> Ids:
            return decoding.beam_search(step, ids, n, length + 1)

        rules: list[tuple[str, str, Callable[..., Ids]]] = [
            ("greedy", "This is the greedy continuation: the search keeps only one hypothesis.", decoding.greedy),
            ("last-probability", "Hypotheses are compared by their last token alone.", decoding.last_probability_only),
            ("worst-kept", "The least likely hypotheses are kept.", decoding.worst_kept),
            ("too-narrow", "Every hypothesis must be continued with `n_beam` tokens.", decoding.fewer_continued),
            ("too-narrow", "`n_beam` hypotheses must be kept each time, not one fewer.", decoding.fewer_kept),
            ("one-token-short", "The continuation is one token too short.", short),
            ("one-token-long", "The continuation is one token too long.", long),
        ]
        return [Misconception(key, sentence, searched(rule, power)) for key, sentence, rule in rules]

    note = (
        "Graded with another helper in place of your `get_kth_most_likely_token`, so that a mistake there does not "
        "count twice."
    )
    task = FunctionTask(
        function=shown,
        parameters=(),
        reference=searched(decoding.beam_search),
        misconceptions=known(1.0),
        compare=compare_tokens,
        settings=(
            Setting(given=as_probe(shown, ONE_STEP)),
            # A notebook fits one of the two right forms in every trial: fitting now one and now the other is luck.
            Setting(
                given=as_probe(shown, ONE_STEP),
                reference=searched(decoding.beam_search_handed_out),
                misconceptions=(),
            ),
            Setting(
                given=as_probe(shown, ONE_STEP + OTHER_HELPER),
                reference=searched(decoding.beam_search, 0.5),
                misconceptions=known(0.5),
                note=note,
            ),
        ),
    )
    return judge_probe(ask, [name], task, trials)


def judge_tokens(
    ask: Ask,
    name: str,
    settings: Sequence[dict[str, Any]],
    rule: Callable[[Floats, dict[str, Any]], int],
    known: Sequence[Misconception],
) -> Outcome:
    """A function without chance: the prompt and one token more."""
    shown = f"{name}(…)"
    task = FunctionTask(
        function=shown,
        parameters=(),
        reference=lambda *a: with_token(a, lambda p: rule(p, a[5])),
        misconceptions=known,
        compare=compare_tokens,
        settings=(Setting(given=as_probe(shown, ONE_STEP)),),
    )
    trials = [Trial(arguments(name, *drawn_model(ask.rng), options), words(options)) for options in settings]
    return judge_probe(ask, [name], task, trials)


def judge_log_probability(ask: Ask, name: str, settings: Sequence[dict[str, Any]]) -> Outcome:
    shown = f"{name}(…)['log_prob']"

    def total(_: str, e: Floats, r: Floats, d: float, ids: Ids, options: dict[str, Any], start: float) -> float:
        p = SmallModel(e, r, d).probabilities(ids)
        return start + float(np.log(p[decoding.kth_most_likely(p, options["k"])]))

    task = FunctionTask(
        function=shown,
        parameters=(),
        reference=total,
        compare=functools.partial(compare_array, tolerance=LOG),
        settings=(Setting(given=as_probe(shown, LOG_PROBABILITY)),),
    )
    trials = [Trial((*arguments(name, *drawn_model(ask.rng), o), float(ask.rng.uniform(-5, -1)))) for o in settings]
    return judge_probe(ask, [name], task, trials)


def judge_draws(
    ask: Ask,
    name: str,
    settings: Sequence[dict[str, Any]],
    right: Callable[[Floats, float], Floats],
    known: tuple[decoding.Wrong, ...],
) -> Outcome:
    """A function that draws: DRAWS tokens for each of the settings, against the distribution that they must have."""
    gone = missing_name(ask, [name])
    if gone is not None:
        return gone
    shown = f"{name}(…)"
    chosen = [float(next(iter(options.values()), 0.0)) for options in settings]
    drawn = models_apart(ask.rng, chosen, right, known, DRAWS)
    calls = [
        Call(
            shown,
            (*arguments(name, model, ids, options), int(ask.rng.integers(2**31))),
            given=as_probe(shown, MANY_STEPS),
        )
        for (model, ids), options in zip(drawn, settings, strict=True)
    ]
    replies = ask.calls(calls)
    stopped = no_value(replies, shown)
    if stopped is not None:
        return stopped
    counts = [tokens_counted(reply.value, drawn[0][0].vocabulary) for reply in replies if isinstance(reply, Got)]
    if any(count is None for count in counts):
        return failed(f"`{name}` does not return the prompt with one more token.", "wrong-shape")
    found = [count for count in counts if count is not None]
    ps = [model.probabilities(ids) for model, ids in drawn]
    if all_fit(found, [right(p, s) for p, s in zip(ps, chosen, strict=True)]):
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    if all(np.count_nonzero(count) == 1 for count in found):
        return judge_without_chance(ask, name, settings)
    for key, sentence, wrong in known:
        with np.errstate(all="ignore"):
            if all_fit(found, [wrong(p, s) for p, s in zip(ps, chosen, strict=True)]):
                return failed(sentence, key)
    compared = [compare_draws(c, right(p, s)) for c, p, s in zip(found, ps, chosen, strict=True)]
    many = f"Over {DRAWS} calls each, the tokens of `{name}` do not come with the right probabilities"
    if any(c.impossible for c in compared):
        return failed(f"{many}: some that must never come do.", staff=str(compared))
    return failed(f"{many}.", staff=str(compared))


def judge_without_chance(ask: Ask, name: str, settings: Sequence[dict[str, Any]]) -> Outcome:
    """One token and no other comes for each model: what it is shows on many models, of which two draws each do."""
    shown = f"{name}(…)"
    given = as_probe(shown, TWO_STEPS)
    drawn = [drawn_model(ask.rng) for _ in range(MORE_MODELS)]
    replies = ask.calls(
        [
            Call(shown, (*arguments(name, model, ids, settings[i % len(settings)]), i), given=given)
            for i, (model, ids) in enumerate(drawn)
        ]
    )
    stopped = no_value(replies, shown)
    if stopped is not None:
        return stopped
    found = [tokens_counted(r.value, drawn[0][0].vocabulary, 2) for r in replies if isinstance(r, Got)]
    tokens = [int(np.argmax(count)) if count is not None else -1 for count in found]
    if len(set(tokens)) == 1:
        return failed("The same token comes whatever the model says: is the placeholder still in place?", "placeholder")
    best = [int(np.argmax(model.probabilities(ids))) for model, ids in drawn]
    if tokens == best:
        key, sentence, _ = decoding.ANY[0]
        return failed(sentence, key)
    return failed("The same token comes in every call: is a random seed set inside the function?", "not-random")


def tokens_counted(value: Plain, vocabulary: int, draws: int = DRAWS) -> Floats | None:
    numbers = to_numbers(value)
    if not isinstance(numbers, Numbers) or numbers.array.shape != (draws,):
        return None
    tokens = numbers.array
    if not np.all((tokens >= 0) & (tokens < vocabulary) & (tokens == np.round(tokens))):
        return None
    return np.bincount(tokens.astype(int), minlength=vocabulary).astype(np.float64)


def compare_tokens(got: Plain, want: Any) -> Comparison:
    return compare_array(got, np.asarray(want, dtype=np.float64), TOKENS)


def with_token(given: tuple[Any, ...], rule: Callable[[Floats], int]) -> Ids:
    _, embeddings, readout, decay, ids, *_ = given
    return (*ids, rule(SmallModel(embeddings, readout, decay).probabilities(ids)))


def arguments(name: str, model: SmallModel, ids: Sequence[int], options: dict[str, Any]) -> tuple[Any, ...]:
    return (name, model.embeddings, model.readout, model.decay, list(ids), options)


def words(options: dict[str, Any]) -> str:
    return " and ".join(f"for {key} = {value}" for key, value in options.items())
