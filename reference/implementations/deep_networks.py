"""Two shallow networks fed into one another, as functions and as one deep network in matrix form.

The parameters are the course's. A network in matrix form is beta_0 (D_1, 1), Omega_0 (D_1, D_i), … : each layer is
ReLU(beta + Omega h), the last one without ReLU.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.implementations import shallow_networks

Floats: TypeAlias = NDArray[np.float64]
Matrices: TypeAlias = dict[str, Floats]


@dataclass(frozen=True)
class Shallow:
    """phi_0 … phi_3, and for each of three units its intercept and slope."""

    phi: tuple[float, float, float, float]
    theta: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

    def __call__(self, x: ArrayLike) -> Floats:
        flat = [number for unit in self.theta for number in unit]
        return shallow_networks.network(1)(x, "relu", *self.phi, *flat)[0]


NET_1 = Shallow((1.0, -2.0, -3.0, 9.3), ((0.0, -1.0), (0.0, 1.0), (-0.67, 1.0)))
NET_2 = Shallow((0.5, -1.0, -1.5, 2.0), ((-0.6, -1.0), (0.2, 1.0), (-0.5, 1.0)))
# The variations that the notebook goes on to look at.
NET_2_VARIED = Shallow((0.5, 1.0, -1.5, 2.0), NET_2.theta)
NET_1_VARIED = Shallow((1.0, -1.0, -3.0, 9.3), NET_1.theta)


def course_inputs() -> Floats:
    """x = arange(-1, 1, 0.001): 2000 numbers."""
    return np.arange(-1, 1, 0.001)


def one_network(net: Shallow) -> Matrices:
    """The shallow network in matrix form: beta_0, Omega_0, beta_1, Omega_1."""
    intercepts, slopes = np.array(net.theta).T
    return {
        "beta_0": intercepts[:, None],
        "Omega_0": slopes[:, None],
        "beta_1": np.array([[net.phi[0]]]),
        "Omega_1": np.array([net.phi[1:]]),
    }


def composition(first: Shallow, second: Shallow) -> Matrices:
    """The second network fed with the first's output, as one network with two hidden layers."""
    one, two = one_network(first), one_network(second)
    return {
        "beta_0": one["beta_0"],
        "Omega_0": one["Omega_0"],
        "beta_1": two["beta_0"] + two["Omega_0"] @ one["beta_1"],
        "Omega_1": two["Omega_0"] @ one["Omega_1"],
        "beta_2": two["beta_1"],
        "Omega_2": two["Omega_1"],
    }


def run_matrices(layers: Sequence[tuple[Floats, Floats]], x: Floats) -> Floats:
    """The outputs (D_o, n) for inputs x (D_i, n); layers are pairs of beta and Omega. Raises ValueError where the
    shapes do not fit together."""
    values = x
    for number, (beta, omega) in enumerate(layers):
        values = np.asarray(beta + omega @ values)
        if number < len(layers) - 1:
            values = np.maximum(values, 0.0)
    return values


def shapes(sizes: Sequence[int]) -> dict[str, tuple[int, int]]:
    """The shapes of beta_k and Omega_k for layers of these sizes, the input first."""
    found = {}
    for k, (into, out) in enumerate(itertools.pairwise(sizes)):
        found[f"beta_{k}"] = (out, 1)
        found[f"Omega_{k}"] = (out, into)
    return found
