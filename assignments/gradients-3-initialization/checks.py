"""Gradients 3: the weights that the notebook drew, and the activations and derivatives that follow from them.

The variance is measured from the weights themselves; a single run of fifty layers is too noisy to judge by. That the
notebook ran the two passes is seen from values that fit the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assignments.asking import Got, Missing
from assignments.outcome import Conclusion
from assignments.vocabulary import Ask, Outcome, Share, check, combine, explain
from assignments.vocabulary.deep_weights import arrays, judge_sizes, judge_variance, read_layers
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import initialisation

LAYERS, UNITS = 50, 80
COLUMNS = 8  # data points of which activations and derivatives are compared
NEARLY = 0.4
OTHER_HALF = "forward-pass-not-run"
RELATIVE = 1e-6
ACTIVATIONS = """
def probe(columns):
    import __main__
    layers = getattr(__main__, "all_h", None)
    return None if layers is None else [layer[:, :columns] for layer in layers]
"""


@check("forward_pass")
def forward_pass(ask: Ask) -> Outcome:
    return judge(ask, "activations in `all_h`", follow_forwards)


@check("backward_pass")
def backward_pass(ask: Ask) -> Outcome:
    return judge(ask, "derivatives in `aggregate_dl_df`", follow_backwards)


def judge(ask: Ask, label: str, follow: Callable[[Ask, Sequence[Floats]], Outcome]) -> Outcome:
    weights = read_layers(ask, "all_weights")
    if isinstance(weights, Outcome):
        return weights
    if not drawn(weights):
        message = "The weights in `all_weights` are not drawn at random: many are the same number."
        return Outcome(Conclusion.FAILED, 0.0, message, "not-drawn")
    sizes = judge_sizes(weights, LAYERS, UNITS)
    run = follow(ask, weights)
    if run.diagnosis == OTHER_HALF or run.conclusion in {Conclusion.MISSING, Conclusion.ERROR}:
        return run  # these weights are not of this half of the notebook
    if sizes.conclusion is not Conclusion.PASSED:
        run = sizes  # the starter runs a small network through both passes: values count for the one asked for
    return combine(
        [
            Share(0.2, "size of the network", sizes),
            Share(0.5, "variance of the weights", judge_variance(weights, NEARLY)),
            Share(0.3, label, run),
        ]
    )


def drawn(weights: Sequence[Floats]) -> bool:
    """Zeros, ones or any other pattern in place of random numbers make values that follow from them, and no network."""
    values = np.concatenate([np.ravel(layer) for layer in weights])
    return len(np.unique(values)) > 0.9 * len(values)


def follow_forwards(ask: Ask, weights: Sequence[Floats]) -> Outcome:
    reply = ask.call("probe", COLUMNS, given=ACTIVATIONS)
    if not isinstance(reply, Got):
        return explain(reply, "all_h")
    if reply.value is None:
        return explain(Missing("all_h"), "all_h")
    layers = arrays(reply.value)
    if layers is not None and layers[0].shape[1] < 2:
        message = "`all_h` holds one data point only: run the forward pass for many at once, as part (a) does."
        return Outcome(Conclusion.FAILED, 0.0, message, OTHER_HALF)
    if layers is None or len(layers) != len(weights) or layers[0].shape[0] != 1:
        message = "`all_h` does not hold the input and the activations of every layer, one column for each data point."
        return Outcome(Conclusion.FAILED, 0.0, message, "not-run")
    if len(np.unique(layers[0])) < min(COLUMNS, layers[0].shape[1]):
        message = "`all_h` does not begin with the input: its first entry has the same number for several data points."
        return Outcome(Conclusion.FAILED, 0.0, message, "input-not-drawn")
    expected = initialisation.activations(weights, layers[0]) if is_network(weights) else []
    if len(expected) == len(layers) and all(close(got, want) for got, want in zip(layers, expected, strict=True)):
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    return Outcome(Conclusion.FAILED, 0.0, "`all_h` does not follow from `all_weights`: run the pass again.", "not-run")


def follow_backwards(ask: Ask, weights: Sequence[Floats]) -> Outcome:
    reply = ask.read("aggregate_dl_df")
    if not isinstance(reply, Got):
        return explain(reply, "aggregate_dl_df")
    value = reply.value if isinstance(reply.value, list | tuple) else []
    layers = {k: read.array for k, entry in enumerate(value) if isinstance(read := to_numbers(entry), Numbers)}
    wanted = range(1, LAYERS)
    if any(k not in layers or layers[k].ndim != 2 or layers[k].shape[0] != UNITS for k in wanted):
        message = (
            f"`aggregate_dl_df` does not hold one array with {UNITS} rows for each of the layers 1 to {LAYERS - 1}."
        )
        return Outcome(Conclusion.FAILED, 0.0, message, "not-run")
    if fits_both_sides([layers[k][:, :COLUMNS] for k in wanted], weights):
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    message = "`aggregate_dl_df` does not follow from `all_weights`: run the pass again."
    return Outcome(Conclusion.FAILED, 0.0, message, "not-run")


def fits_both_sides(derivatives: Sequence[Floats], weights: Sequence[Floats]) -> bool:
    """Is every data point's column, through all layers, a multiple of the derivatives for one sign of the input?"""
    if len({layer.shape for layer in derivatives}) != 1 or not all(np.all(np.isfinite(d)) for d in derivatives):
        return False
    got = np.concatenate(derivatives)
    if not is_network(weights) or len(got) != sum(layer.shape[0] for layer in weights[1:-1]):
        return False
    sides = [np.concatenate(initialisation.derivative_directions(weights, sign)[1:]) for sign in (1.0, -1.0)]

    def fits(column: Floats, side: Floats) -> bool:
        factor = float(column @ side) / float(side @ side) if np.any(side) else 0.0
        return factor != 0 and close(column, factor * side)

    return all(any(fits(got[:, n], side[:, 0]) for side in sides) for n in range(got.shape[1])) and got.shape[1] > 0


def is_network(weights: Sequence[Floats]) -> bool:
    """From one input to one output, each layer as wide as the one before it gives?"""
    widths = [1, *(layer.shape[0] for layer in weights)]
    return widths[-1] == 1 and [layer.shape[1] for layer in weights] == widths[:-1]


def close(got: Floats, want: Floats) -> bool:
    scale = float(np.max(np.abs(want), initial=0.0))
    return got.shape == want.shape and bool(np.max(np.abs(got - want), initial=0.0) <= RELATIVE * scale)
