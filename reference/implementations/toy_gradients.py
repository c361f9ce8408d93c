"""Backpropagation by hand through one long expression.

y = beta4 + omega4 log(beta3 + omega3 cos(beta2 + omega2 exp(beta1 + omega1 sin(beta0 + omega0 x)))), taken apart into
f_k = beta_k + omega_k h_k (h_0 = x) and h_1 = sin f_0, h_2 = exp f_1, h_3 = cos f_2, h_4 = log f_3; y takes the place
of f_4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reference.misconceptions import Misconception

Values: TypeAlias = Mapping[str, float]
Rule: TypeAlias = Callable[[Values], float]

PARAMETERS: Values = {
    **{"beta0": 1.0, "beta1": 2.0, "beta2": -3.0, "beta3": 0.4, "beta4": -0.3},
    **{"omega0": 0.1, "omega1": -0.4, "omega2": 2.0, "omega3": 3.0, "omega4": -0.5},
    "x": 2.3,
}


@dataclass(frozen=True)
class Step:
    """One variable: the rule that computes it from earlier ones, and what students compute instead."""

    name: str
    rule: Rule
    wrong: tuple[Misconception, ...] = ()


def all_values(parameters: Values = PARAMETERS) -> dict[str, float]:
    """The parameters, and every variable of the exercise by name. Raises ValueError where a logarithm has none."""
    values = dict(parameters)
    for step in STEPS:
        values[step.name] = step.rule(values)
    return values


def _affine(name: str, k: int) -> Step:
    """f_k, or y for k = 4."""
    beta, omega, h = f"beta{k}", f"omega{k}", f"h{k}" if k else "x"
    before = f"f{k - 1}" if k else "x"
    wrong = [
        Misconception("bias-missing", f"`{beta}` is missing.", lambda v: v[omega] * v[h]),
        Misconception("weight-missing", f"`{omega}` is missing.", lambda v: v[beta] + v[h]),
        Misconception("bias-subtracted", f"`{beta}` must be added.", lambda v: v[omega] * v[h] - v[beta]),
        Misconception(
            "roles-exchanged",
            f"`{beta}` and `{omega}` are exchanged: the one is added, the other multiplied.",
            lambda v: v[omega] + v[beta] * v[h],
        ),
        Misconception("precedence", "Mind the parentheses.", lambda v: (v[beta] + v[omega]) * v[h]),
    ]
    if k:
        wrong += [
            Misconception(
                "f-for-h", f"`{before}` is used where `{h}` belongs.", lambda v: v[beta] + v[omega] * v[before]
            ),
            Misconception(
                "names-shifted", "The input `x` enters only the first step.", lambda v: v[beta] + v[omega] * v["x"]
            ),
        ]
    return Step(name, lambda v: v[beta] + v[omega] * v[h], tuple(wrong))


def _outer(k: int, name: str, function: Callable[[float], float]) -> Step:
    """h_k, a function of f_(k-1)."""
    f, h, before = f"f{k - 1}", f"h{k}", f"h{k - 1}" if k > 1 else "x"
    wrong = [
        Misconception(
            "h-for-f",
            f"{name.capitalize()} is taken of `{before}`; it belongs to `{f}`.",
            lambda v: function(v[before]),
        ),
        Misconception("function-missing", f"{name.capitalize()} is missing.", lambda v: v[f]),
    ]
    if k == 4:
        wrong.append(Misconception("log10", "The natural logarithm is meant.", lambda v: math.log10(v[f])))
        wrong.append(Misconception("log2", "The natural logarithm is meant.", lambda v: math.log2(v[f])))
    if k in {1, 3}:
        other = math.cos if k == 1 else math.sin
        wrong.append(Misconception("sine-for-cosine", "Sine and cosine are exchanged.", lambda v: other(v[f])))
        wrong.append(
            Misconception("degrees", "The angle is in radians, not degrees.", lambda v: function(math.radians(v[f])))
        )
    return Step(h, lambda v: function(v[f]), tuple(wrong))


_CHAIN = "The chain rule multiplies what was computed before by one more factor; "


def _through_weight(k: int) -> Step:
    """dy/dh_k from dy/df_k."""
    df, omega, beta = f"dydf{k}", f"omega{k}", f"beta{k}"
    return Step(
        f"dydh{k}",
        lambda v: v[df] * v[omega],
        (
            Misconception("chain-factor-missing", f"{_CHAIN}`{df}` is missing.", lambda v: v[omega]),
            Misconception("chain-factor-missing", f"{_CHAIN}`{omega}` is missing.", lambda v: v[df]),
            Misconception("bias-for-weight", f"`{beta}` is used for `{omega}`.", lambda v: v[df] * v[beta]),
            Misconception("h-for-weight", f"`h{k}` is used for `{omega}`.", lambda v: v[df] * v[f"h{k}"]),
            Misconception("divided", f"Divided by `{omega}`; multiply by it.", lambda v: v[df] / v[omega]),
        ),
    )


def _through_function(k: int, slope: Rule, *wrong: tuple[str, str, Rule]) -> Step:
    """dy/df_k from dy/dh_(k+1); `wrong` are other slopes."""
    dh = f"dydh{k + 1}"
    known = [Misconception(key, sentence, lambda v, rule=rule: v[dh] * rule(v)) for key, sentence, rule in wrong]
    return Step(
        f"dydf{k}",
        lambda v: v[dh] * slope(v),
        (
            *known,
            Misconception("chain-factor-missing", f"{_CHAIN}`{dh}` is missing.", slope),
            Misconception(
                "chain-factor-missing", f"{_CHAIN}the derivative of the function is missing.", lambda v: v[dh]
            ),
        ),
    )


def _by_bias(k: int) -> Step:
    df = f"dydf{k}"
    wrong = [
        Misconception("weight-multiplied", f"Multiplied by `omega{k}`.", lambda v: v[df] * v[f"omega{k}"]),
        Misconception("h-multiplied", f"Multiplied by `{_h(k)}`: that is for omega.", lambda v: v[df] * v[_h(k)]),
    ]
    if k:
        wrong += [
            Misconception("h-for-f", f"`dydh{k}` is used for `{df}`.", lambda v: v[f"dydh{k}"]),
            Misconception("bias-multiplied", f"Multiplied by `beta{k}`.", lambda v: v[df] * v[f"beta{k}"]),
            Misconception("names-shifted", f"`dydf{k - 1}` is used: names are one off.", lambda v: v[f"dydf{k - 1}"]),
        ]
    if k < 3:
        shifted = f"`dydf{k + 1}` is used: names are one off."
        wrong.append(Misconception("names-shifted", shifted, lambda v: v[f"dydf{k + 1}"]))
    return Step(f"dydbeta{k}", lambda v: v[df], tuple(wrong))


def _by_weight(k: int) -> Step:
    df, h = f"dydf{k}", _h(k)
    wrong = [
        Misconception("f-for-h", f"`f{k}` is used for `{h}`.", lambda v: v[df] * v[f"f{k}"]),
        Misconception("chain-factor-missing", f"{_CHAIN}`{h}` is missing.", lambda v: v[df]),
        Misconception("chain-factor-missing", f"{_CHAIN}`{df}` is missing.", lambda v: v[h]),
        Misconception("names-shifted", f"`h{k + 1}` is used for `{h}`.", lambda v: v[df] * v[f"h{k + 1}"]),
        Misconception("weight-for-h", f"`omega{k}` is used for `{h}`.", lambda v: v[df] * v[f"omega{k}"]),
    ]
    if k:
        wrong += [
            Misconception("f-for-h", f"`f{k - 1}` is used for `{h}`.", lambda v: v[df] * v[f"f{k - 1}"]),
            Misconception("h-for-f", f"`dydh{k}` is used for `{df}`.", lambda v: v[f"dydh{k}"] * v[h]),
        ]
    return Step(f"dydomega{k}", lambda v: v[df] * v[h], tuple(wrong))


def _h(k: int) -> str:
    return f"h{k}" if k else "x"


FORWARD = (
    _affine("f0", 0),
    _outer(1, "the sine", math.sin),
    _affine("f1", 1),
    _outer(2, "the exponential", math.exp),
    _affine("f2", 2),
    _outer(3, "the cosine", math.cos),
    _affine("f3", 3),
    _outer(4, "the logarithm", math.log),
    _affine("y", 4),
)
GIVEN = (Step("dydh4", lambda v: v["omega4"]), Step("dydf3", lambda v: v["dydh4"] / v["f3"]))
BACKWARD = (
    _through_weight(3),
    _through_function(
        2,
        lambda v: -math.sin(v["f2"]),
        ("cosine-derivative-sign", "The derivative of the cosine is minus the sine.", lambda v: math.sin(v["f2"])),
        ("wrong-argument", "The sine is taken of `h2`; it belongs to `f2`.", lambda v: -math.sin(v["h2"])),
        ("wrong-argument", "The sine is taken of `h3`; it belongs to `f2`.", lambda v: -math.sin(v["h3"])),
        ("derivative-missing", "The cosine itself is used for its derivative.", lambda v: math.cos(v["f2"])),
    ),
    _through_weight(2),
    _through_function(
        1,
        lambda v: math.exp(v["f1"]),
        ("wrong-argument", "The exponential is taken of `h1`; it belongs to `f1`.", lambda v: math.exp(v["h1"])),
        ("wrong-argument", "The exponential is taken of `h2`; it belongs to `f1`.", lambda v: math.exp(v["h2"])),
        ("derivative-missing", "`f1` itself is used for the derivative.", lambda v: v["f1"]),
    ),
    _through_weight(1),
    _through_function(
        0,
        lambda v: math.cos(v["f0"]),
        ("sine-derivative-sign", "The derivative of the sine is plus the cosine.", lambda v: -math.cos(v["f0"])),
        ("wrong-argument", "The cosine is taken of `x`; it belongs to `f0`.", lambda v: math.cos(v["x"])),
        ("wrong-argument", "The cosine is taken of `h1`; it belongs to `f0`.", lambda v: math.cos(v["h1"])),
        ("derivative-missing", "The sine itself is used for its derivative.", lambda v: math.sin(v["f0"])),
    ),
)
LAST = (
    Step("dydbeta4", lambda v: 1.0),
    Step(
        "dydomega4",
        lambda v: v["h4"],
        (
            Misconception("weight-for-h", "`omega4` is used for `h4`.", lambda v: v["omega4"]),
            Misconception("f-for-h", "`f3` is used for `h4`.", lambda v: v["f3"]),
            Misconception("h-multiplied", "`dydh4` has no place here.", lambda v: v["dydh4"] * v["h4"]),
            Misconception("y-for-h", "`y` is used for `h4`.", lambda v: v["y"]),
        ),
    ),
)
BY_PARAMETERS = (*LAST, *(step for k in (3, 2, 1, 0) for step in (_by_bias(k), _by_weight(k))))
STEPS = (*FORWARD, *GIVEN, *BACKWARD, *BY_PARAMETERS)
