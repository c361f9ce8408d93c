"""Networks composed as functions and in matrix form are the same networks."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen_values
from reference.implementations import deep_networks
from reference.implementations.deep_networks import NET_1, NET_2


def recomputed() -> dict[str, float]:
    output = NET_2(NET_1(deep_networks.course_inputs()))
    matrices = deep_networks.composition(NET_1, NET_2)
    return {
        "output_at_minus_1": float(output[0]),
        "output_at_0_2": float(output[1200]),
        "output_at_0_999": float(output[1999]),
        "beta_1_last": float(matrices["beta_1"][-1, -1]),
        "Omega_1_last": float(matrices["Omega_1"][-1, -1]),
    }


def test_the_frozen_values_are_recomputed() -> None:
    frozen = {name: value.value for name, value in frozen_values("deep_networks").items()}
    assert recomputed() == pytest.approx(frozen, rel=1e-9)


def test_the_composition_in_matrix_form_computes_what_the_functions_compute() -> None:
    x = np.linspace(-3, 3, 601)
    matrices = deep_networks.composition(NET_1, NET_2)
    layers = [(matrices[f"beta_{k}"], matrices[f"Omega_{k}"]) for k in range(3)]
    assert deep_networks.run_matrices(layers, x[None, :])[0] == pytest.approx(NET_2(NET_1(x)))


def test_one_network_in_matrix_form_computes_what_the_function_computes() -> None:
    x = np.linspace(-3, 3, 601)
    matrices = deep_networks.one_network(NET_2)
    layers = [(matrices[f"beta_{k}"], matrices[f"Omega_{k}"]) for k in range(2)]
    assert deep_networks.run_matrices(layers, x[None, :])[0] == pytest.approx(NET_2(x))


def test_the_shapes_of_the_deep_network() -> None:
    found = deep_networks.shapes((4, 5, 2, 4, 1))
    assert [found[f"Omega_{k}"] for k in range(4)] == [(5, 4), (2, 5), (4, 2), (1, 4)]
    assert [found[f"beta_{k}"] for k in range(4)] == [(5, 1), (2, 1), (4, 1), (1, 1)]
