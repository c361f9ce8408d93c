"""Shallow networks with three hidden units, written out number by number.

pre_k = theta_k0 + theta_k1 x (+ theta_k2 x_2 with two inputs), act_k = a(pre_k), w_act_k = phi_k act_k and
y = phi_0 + the sum of the w_act_k. Functions return (y, pre_1…3, act_1…3, w_act_1…3), as the notebook's do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.implementations import activations
from reference.implementations.activations import relu
from reference.implementations.shallow_course import X_TRAIN, Y_SHALLOW
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Rule: TypeAlias = Callable[..., Any]

HIDDEN = 3
STEEPNESS = 10.0


def bend(preactivation: ArrayLike) -> Floats:
    """An activation function of no notebook: it tells who uses the one that is passed."""
    z = np.asarray(preactivation, dtype=np.float64)
    return np.asarray(0.9 * np.abs(z) - 0.2 * z + 0.1)


def sigmoid(preactivation: ArrayLike) -> Floats:
    """1 / (1 + exp(-10 z)): the notebook's, ten times as steep as the usual one."""
    return activations.sigmoid(STEEPNESS * np.asarray(preactivation, dtype=np.float64))


ACTIVATIONS: dict[str, Callable[[Any], Floats]] = {"relu": relu, "bend": bend}


def network(inputs: int, **rules: Rule) -> Callable[..., list[Floats]]:
    """The function of the notebook for so many inputs; its activation is a name in ACTIVATIONS.

    `rules` change it as students do: `line(theta, xs)`, `activate(activation, pre)`, `weigh(phi, k, act)` and
    `total(phi, pre, act, weighted)`.
    """
    line: Rule = rules.get("line", _line)
    activate: Rule = rules.get("activate", lambda activation, pre: activation(pre))
    weigh: Rule = rules.get("weigh", lambda phi, k, act: phi[k + 1] * act)
    total: Rule = rules.get("total", lambda phi, pre, act, weighted: phi[0] + sum(weighted))

    def compute(*arguments: Any) -> list[Floats]:
        xs = [np.asarray(x, dtype=np.float64) for x in arguments[:inputs]]
        activation, phi = ACTIVATIONS[arguments[inputs]], arguments[inputs + 1 : inputs + 5]
        thetas = np.reshape(np.array(arguments[inputs + 5 :], dtype=np.float64), (HIDDEN, inputs + 1))
        pre = [line(theta, xs) for theta in thetas]
        act = [activate(activation, z) for z in pre]
        weighted = [weigh(phi, k, a) for k, a in enumerate(act)]
        return [total(phi, pre, act, weighted), *pre, *act, *weighted]

    return compute


def course_loss(phi: Sequence[float], theta: Sequence[float]) -> float:
    """Sum of squares of the course's twenty points under ReLU; theta is 10, 11, 20, 21, 30, 31."""
    y = network(1)(X_TRAIN, "relu", *phi, *theta)[0]
    return float(np.sum((y - Y_SHALLOW) ** 2))


def _line(theta: Floats, xs: Sequence[Floats]) -> Floats:
    return np.asarray(theta[0] + sum(slope * x for slope, x in zip(theta[1:], xs, strict=True)))


def misconceptions(inputs: int) -> tuple[Misconception, ...]:
    """What students write instead, for a network with so many inputs."""

    def wrong(key: str, sentence: str, **rules: Rule) -> Misconception:
        return Misconception(key, sentence, network(inputs, **rules))

    known = [
        wrong(
            "activation-ignored",
            "The argument `activation_fn` is not used: ReLU is applied whatever is passed.",
            activate=lambda activation, pre: relu(pre),
        ),
        wrong(
            "activation-missing",
            "The activation function is missing.",
            activate=lambda activation, pre: pre,
        ),
        wrong(
            "offset-missing",
            "`phi_0` is missing from the output.",
            total=lambda phi, pre, act, weighted: sum(weighted),
        ),
        wrong(
            "weights-missing",
            "The activations are added up without their weights.",
            total=lambda phi, pre, act, weighted: phi[0] + sum(act),
        ),
        wrong(
            "weights-shifted",
            "The weights are one off: `phi_0` is the offset, and the first unit has `phi_1`.",
            weigh=lambda phi, k, act: phi[k] * act,
        ),
        wrong(
            "weights-added",
            "The weights are added to the activations; they must be multiplied.",
            weigh=lambda phi, k, act: phi[k + 1] + act,
        ),
        wrong(
            "preactivations-weighted",
            "The preactivations are weighted; the activations must be.",
            total=lambda phi, pre, act, weighted: phi[0] + sum(phi[k + 1] * pre[k] for k in range(HIDDEN)),
        ),
        wrong(
            "slope-missing",
            "The slopes are missing from the preactivations.",
            line=lambda theta, xs: theta[0] + sum(xs),
        ),
        wrong(
            "intercept-missing",
            "The intercepts `theta_10`, `theta_20` and `theta_30` are missing.",
            line=lambda theta, xs: _line(np.array([0.0, *theta[1:]]), xs),
        ),
        wrong(
            "placeholder",
            "The preactivations are zero: the starter's lines are still in place.",
            line=lambda theta, xs: np.zeros_like(xs[0]),
        ),
    ]
    if inputs == 1:
        exchanged = "Intercept and slope are exchanged: the second digit 0 is the intercept, 1 the slope."
        known.append(wrong("roles-exchanged", exchanged, line=lambda theta, xs: theta[1] + theta[0] * xs[0]))
    if inputs == 2:
        known += [
            wrong("input-ignored", "`x2` has no effect.", line=lambda theta, xs: theta[0] + theta[1] * xs[0]),
            wrong(
                "inputs-exchanged",
                "The two inputs are exchanged.",
                line=lambda theta, xs: theta[0] + theta[1] * xs[1] + theta[2] * xs[0],
            ),
            wrong(
                "input-ignored",
                "`x1` is used for `x2` as well.",
                line=lambda theta, xs: theta[0] + (theta[1] + theta[2]) * xs[0],
            ),
        ]
    return tuple(known)


def _of(compute: Callable[[Floats], Any]) -> Callable[..., Any]:
    return lambda preactivation: compute(np.asarray(preactivation, dtype=np.float64))


RELU = (
    Misconception("placeholder", "All values are zero: the starter's line is still in place.", _of(np.zeros_like)),
    Misconception("unchanged", "The values come back unchanged.", _of(lambda z: z)),
    Misconception("absolute-value", "Negative values must become zero, not positive.", _of(np.abs)),
    Misconception(
        "negative-part", "The negative values are kept, and the positive ones lost.", _of(lambda z: np.minimum(z, 0))
    ),
    Misconception("step-function", "This is one for positive values; they must be kept.", _of(lambda z: (z > 0) * 1.0)),
    Misconception("clipped-at-one", "Values above one are cut off.", _of(lambda z: np.clip(z, 0, 1))),
    Misconception(
        "one-number",
        "The largest value of all is returned; every value is mapped on its own.",
        _of(lambda z: max(z.max(), 0.0)),
    ),
)

SIGMOID = (
    Misconception(
        "steepness-missing",
        "The factor 10 in the exponent is missing.",
        _of(activations.sigmoid),
    ),
    Misconception("exponent-sign", "The minus sign in the exponent is missing.", _of(lambda z: 1 - sigmoid(z))),
    Misconception("tanh", "This is the hyperbolic tangent; a sigmoid lies between 0 and 1.", _of(np.tanh)),
    Misconception(
        "tanh", "This is the hyperbolic tangent; a sigmoid lies between 0 and 1.", _of(lambda z: np.tanh(10 * z))
    ),
    Misconception(
        "reciprocal-missing",
        "This is one plus the exponential; one divided by all of it is asked: mind the parentheses.",
        _of(lambda z: 1 + np.exp(-10 * z)),
    ),
    Misconception("one-missing", "The one beside the exponential is missing.", _of(lambda z: np.exp(10 * z))),
    Misconception(
        "factor-outside", "The factor 10 belongs into the exponent.", _of(lambda z: 1 / (1 + 10 * np.exp(-z)))
    ),
    Misconception(
        "divided-by-10",
        "The value is divided by 10; it must be multiplied.",
        _of(lambda z: activations.sigmoid(z / 10)),
    ),
    Misconception("placeholder", "All values are zero: the starter's line is still in place.", _of(np.zeros_like)),
    Misconception("relu-for-sigmoid", "This is ReLU.", _of(relu)),
)
