"""The reference backward pass against finite differences of the reference forward pass."""

import itertools

import numpy as np
import pytest

from reference.implementations import gradients


@pytest.mark.parametrize("seed", range(5))
def test_derivatives_agree_with_finite_differences(seed):
    rng = np.random.default_rng(seed)
    sizes = [2, 5, 4, 3, 2]
    weights = [rng.normal(size=(out, into)) for into, out in itertools.pairwise(sizes)]
    biases = [rng.normal(size=(out, 1)) for out in sizes[1:]]
    x, y = rng.normal(size=(2, 1)), rng.normal(size=(2, 1))
    _, all_f, all_h = gradients.compute_network_output(x, weights, biases)
    d_weights, d_biases = gradients.backward_pass(weights, biases, all_f, all_h, y)
    for parameters, derivatives in ((weights, d_weights), (biases, d_biases)):
        for array, derivative in zip(parameters, derivatives, strict=True):
            assert array.shape == derivative.shape
            for index in np.ndindex(*array.shape):
                before, moved = array[index], []
                for step in (1e-6, -1e-6):
                    array[index] = before + step
                    moved.append(gradients.loss(gradients.compute_network_output(x, weights, biases)[0], y))
                array[index] = before
                assert derivative[index] == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-4, abs=1e-5)
