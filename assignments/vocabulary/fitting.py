"""What the checks of fitting two parameters share: a loss that takes a model, and data to fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assignments.vocabulary.trials import FunctionTask, Part, Trial
from reference.comparators.numbers import Floats
from reference.implementations import fitting
from reference.misconceptions import Misconception

# Functions cannot be sent, so each model travels as its name. The straight line and the Gabor model are given code of
# the starters; `curve` is in no notebook.
MODELS_SOURCE = """
def probe_model(name):
    import numpy
    def line(phi, x):
        return phi[0] + phi[1] * x
    def gabor(phi, x):
        u = phi[0] + 0.06 * phi[1] * x
        return numpy.sin(u) * numpy.exp(-u * u / 32)
    def curve(phi, x):
        return phi[0] * x / (1 + x * x) - 0.3 * phi[1] + 0.1 * x * phi[1]
    return {"line": line, "gabor": gabor, "curve": curve}[name]
"""
LOSS_PROBE = (
    MODELS_SOURCE
    + """
def probe(data_x, data_y, model, phi):
    import __main__
    return __main__.compute_loss(data_x, data_y, probe_model(model), phi)
"""
)


def loss_task(model: str) -> FunctionTask:
    """`compute_loss(data_x, data_y, model, phi)`, for a notebook whose own model is `model`; called by LOSS_PROBE."""
    ignored = Misconception(
        "model-ignored",
        "The argument `model` is not used: the notebook's own model is computed whatever is passed.",
        lambda data_x, data_y, _, phi: fitting.compute_loss(data_x, data_y, model, phi),
    )
    return FunctionTask(
        function="compute_loss",
        parameters=("data_x", "data_y", "model", "phi"),
        reference=fitting.compute_loss,
        parts=(Part("own", 0.7, "with the notebook's model"), Part("other", 0.3, "with another model")),
        misconceptions=(*fitting.COMPUTE_LOSS, ignored),
        placeholder=0.0,
        notebook_results=("loss",),
    )


def loss_trials(rng: np.random.Generator, own: str, sizes: Sequence[int]) -> list[Trial]:
    """Trials with the notebook's model, and two with one that no notebook has."""
    trials = []
    for model, part, said in ((own, "own", "with the notebook's model"), ("curve", "other", "with another model")):
        for n in sizes if part == "own" else sizes[:2]:
            x, y, phi = fit_data(rng, own, n)
            trials.append(Trial((x, y, model, phi), said, part, n))
    return trials


def fit_data(rng: np.random.Generator, model: str, n: int) -> tuple[Floats, Floats, Floats]:
    """x (n,), y (n,), and parameters (2, 1) that do not fit them."""
    if model == "line":
        x = np.sort(rng.uniform(0.0, 2.0, size=n))
        y = rng.uniform(0.3, 1.0) + rng.uniform(0.3, 1.0) * x + rng.normal(0.0, 0.15, size=n)
        return x, y, np.array([[rng.uniform(1.4, 2.4)], [rng.uniform(-1.2, -0.3)]])
    x = rng.uniform(-14.0, 12.0, size=n)
    y = fitting.gabor(np.array([rng.uniform(-1.0, 1.0), rng.uniform(12.0, 18.0)]), x) + rng.normal(0.0, 0.1, size=n)
    return x, y, np.array([[rng.uniform(-3.0, 3.0)], [rng.uniform(5.0, 10.0)]])
