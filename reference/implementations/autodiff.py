"""f(x) = sqrt(t) + cos(t) with t = x² + exp(x²), its derivative, and known mistakes."""

from __future__ import annotations

import math

from reference.misconceptions import Misconception


def func(x: float) -> float:
    t = _inner(x)
    return math.sqrt(t) + math.cos(t)


def grad_func(x: float) -> float:
    """(2x + 2x exp(x²)) (1 / (2 sqrt(t)) - sin(t)), by the chain rule."""
    return _inner_slope(x) * _outer_slope(_inner(x))


def example_func(x: float) -> float:
    """The worked example of the material: exp(t) + sin(t) with t = exp(x) + exp(2x)."""
    t = math.exp(x) + math.exp(2 * x)
    return math.exp(t) + math.sin(t)


def example_grad(x: float) -> float:
    t = math.exp(x) + math.exp(2 * x)
    return (math.exp(x) + 2 * math.exp(2 * x)) * (math.exp(t) + math.cos(t))


def _inner(x: float) -> float:
    return x**2 + math.exp(x**2)


def _inner_slope(x: float) -> float:
    return 2 * x + 2 * x * math.exp(x**2)


def _outer_slope(t: float) -> float:
    return 0.5 / math.sqrt(t) - math.sin(t)


FUNC = (
    Misconception(
        "square-of-exp",
        "exp(x²) is the exponential of the square, not the square of exp(x).",
        lambda x: math.sqrt(x**2 + math.exp(2 * x)) + math.cos(x**2 + math.exp(2 * x)),
    ),
    Misconception(
        "exp-of-x",
        "The exponential is taken of x; it is taken of x².",
        lambda x: math.sqrt(x**2 + math.exp(x)) + math.cos(x**2 + math.exp(x)),
    ),
    Misconception(
        "sine-for-cosine", "The second term is a cosine.", lambda x: math.sqrt(_inner(x)) + math.sin(_inner(x))
    ),
    Misconception("square-root-missing", "The square root is missing.", lambda x: _inner(x) + math.cos(_inner(x))),
    Misconception("worked-example", "This is still the function of the worked example.", example_func),
    Misconception("first-term-only", "The cosine is missing.", lambda x: math.sqrt(_inner(x))),
    Misconception("second-term-only", "The square root is missing.", lambda x: math.cos(_inner(x))),
)

_OF_FUNC = tuple(
    Misconception("value-not-derivative", "This is the value of the function; its derivative is asked.", known.wrong)
    for known in (Misconception("value", "", func), Misconception("value", "", example_func))
)

GRAD = (
    *_OF_FUNC,
    Misconception("worked-example", "This is still the derivative of the worked example.", example_grad),
    Misconception(
        "chain-factor-missing",
        "The chain rule's inner derivative is missing: this is the derivative by t = x² + exp(x²), not by x.",
        lambda x: _outer_slope(_inner(x)),
    ),
    Misconception("outer-derivative-missing", "This is the derivative of t = x² + exp(x²) alone.", _inner_slope),
    Misconception(
        "exponent-not-differentiated",
        "The derivative of exp(x²) is 2x exp(x²): the factor 2x is missing.",
        lambda x: (2 * x + math.exp(x**2)) * _outer_slope(_inner(x)),
    ),
    Misconception(
        "exponential-left-out",
        "The exponential's part of the inner derivative is missing.",
        lambda x: 2 * x * _outer_slope(_inner(x)),
    ),
    Misconception(
        "square-left-out",
        "The square's part of the inner derivative is missing.",
        lambda x: 2 * x * math.exp(x**2) * _outer_slope(_inner(x)),
    ),
    Misconception(
        "cosine-sign",
        "The derivative of the cosine is minus the sine.",
        lambda x: _inner_slope(x) * (0.5 / math.sqrt(_inner(x)) + math.sin(_inner(x))),
    ),
    Misconception(
        "cosine-kept",
        "The derivative of the cosine is minus the sine, not the cosine.",
        lambda x: _inner_slope(x) * (0.5 / math.sqrt(_inner(x)) + math.cos(_inner(x))),
    ),
    Misconception(
        "square-root-half",
        "The derivative of the square root has a factor 1/2.",
        lambda x: _inner_slope(x) * (1 / math.sqrt(_inner(x)) - math.sin(_inner(x))),
    ),
    Misconception(
        "square-root-not-inverted",
        "The derivative of the square root has it in the denominator.",
        lambda x: _inner_slope(x) * (0.5 * math.sqrt(_inner(x)) - math.sin(_inner(x))),
    ),
    Misconception(
        "chain-factor-once",
        "The inner derivative multiplies both terms; here only the first one has it.",
        lambda x: _inner_slope(x) * 0.5 / math.sqrt(_inner(x)) - math.sin(_inner(x)),
    ),
    Misconception(
        "chain-factor-once",
        "The inner derivative multiplies both terms; here only the second one has it.",
        lambda x: 0.5 / math.sqrt(_inner(x)) - _inner_slope(x) * math.sin(_inner(x)),
    ),
    Misconception(
        "first-branch-only",
        "Only the square root's branch of the graph arrives; a node's derivative is the sum over all that use it.",
        lambda x: _inner_slope(x) * 0.5 / math.sqrt(_inner(x)),
    ),
    Misconception(
        "second-branch-only",
        "Only the cosine's branch of the graph arrives; a node's derivative is the sum over all that use it.",
        lambda x: -_inner_slope(x) * math.sin(_inner(x)),
    ),
)
