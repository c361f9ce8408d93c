"""Gradients 2: answers as students write them."""

import pytest

from assignments.notebooks import code_cells, read_notebook
from assignments.outcome import Conclusion
from tests.support.direct_ask import DirectAsk
from tests.support.packages import ASSIGNMENTS, check

SLUG = "gradients-2-backprop"
CELLS = [c.source for c in code_cells(read_notebook((ASSIGNMENTS / SLUG / "solution.ipynb").read_bytes()))]


def judge(key, *changes, extra="", seed=0):
    """The solution's notebook with some of its text replaced."""
    cells = list(CELLS)
    for old, new in changes:
        assert any(old in cell for cell in cells), old
        cells = [cell.replace(old, new) for cell in cells]
    return check(SLUG, key)(DirectAsk([*cells, extra], seed=seed))


RIGHT_FORWARD = """
def compute_network_output(net_input, all_weights, all_biases):
    h, all_f, all_h = net_input, [], [net_input]
    for i, (w, b) in enumerate(zip(all_weights, all_biases)):
        f = w @ h + b
        all_f.append(f)
        if i < len(all_weights) - 1:
            h = np.maximum(0, f)
            all_h.append(h)
    return f, all_f, all_h
"""
RIGHT_BACKWARD = """
def backward_pass(all_weights, all_biases, all_f, all_h, y):
    K = len(all_weights) - 1
    dw, db = {}, {}
    delta = 2 * (all_f[-1] - y)
    for k in reversed(range(K + 1)):
        db[k] = delta.copy()
        dw[k] = np.outer(delta, all_h[k])
        if k:
            delta = all_weights[k].T.dot(delta)
            delta[all_f[k - 1] <= 0] = 0
    return [dw[k] for k in range(K + 1)], tuple(db[k].reshape(-1) for k in range(K + 1))
"""


@pytest.mark.parametrize(
    ("key", "code"), [("compute_network_output", RIGHT_FORWARD), ("backward_pass", RIGHT_BACKWARD)]
)
def test_right_answers_pass_however_they_are_written(key, code):
    for seed in range(20):
        outcome = judge(key, extra=code, seed=seed)
        assert outcome.conclusion is Conclusion.PASSED, outcome


@pytest.mark.parametrize(
    ("old", "new", "diagnosis", "fraction"),
    [
        ("all_h[layer].T", "all_f[layer].T", None, 0.5),
        ("np.matmul(all_dl_df[layer], all_h[layer].T)", "np.matmul(all_h[layer], all_dl_df[layer].T)",
         "weight-derivative-transposed", 0.5),
        ("indicator_function(all_f[layer - 1]) * ", "", "relu-derivative-missing", 0),
        ("indicator_function(all_f[layer - 1])", "indicator_function(all_h[layer])", "relu-derivative-missing", 0),
        ("np.array(d_loss_d_output(all_f[K], y))", "np.ones_like(y)", "loss-derivative-missing", 0),
        ("np.array(all_dl_df[layer])\n", "np.zeros_like(all_biases[layer])\n", "placeholder", 0.5),
        ("return all_dl_dweights, all_dl_dbiases", "return all_dl_dbiases, all_dl_dweights", "results-exchanged", 0),
        ("return all_dl_dweights, all_dl_dbiases", "return all_dl_dweights", "wrong-number-of-results", 0),
        ("return all_dl_dweights, all_dl_dbiases", "pass", "returns-none", 0),
        ("range(K, -1, -1)", "range(K, 0, -1)", "layer-missing", 0),
    ],
)  # fmt: skip
def test_a_wrong_backward_pass_is_told_what_is_wrong(old, new, diagnosis, fraction):
    for seed in range(5):
        outcome = judge("backward_pass", (old, new), seed=seed)
        assert (outcome.diagnosis, outcome.fraction) == (diagnosis, fraction), outcome


@pytest.mark.parametrize(
    ("old", "new", "diagnosis", "fraction"),
    [
        ("ReLU(all_f[layer])", "all_f[layer]", "activation-missing", 0),
        ("all_biases[layer] + np", "np", "bias-missing-in-hidden", 0),
        ("all_biases[K] + np", "np", "bias-missing-at-output", 0.25),
        ("all_biases[K] + np.matmul(all_weights[K], all_h[K])", "np.zeros_like(all_biases[-1])", "placeholder", 0.25),
        ("return net_output, all_f, all_h", "return net_output", "wrong-number-of-results", 0),
        ("return net_output, all_f, all_h", "return net_output, all_h, all_f", None, 0.5),
    ],
)
def test_a_wrong_forward_pass_is_told_what_is_wrong(old, new, diagnosis, fraction):
    for seed in range(5):
        outcome = judge("compute_network_output", (old, new), seed=seed)
        assert (outcome.diagnosis, outcome.fraction) == (diagnosis, fraction), outcome


def test_a_wrong_forward_pass_does_not_cost_the_backward_pass():
    assert judge("backward_pass", ("ReLU(all_f[layer])", "all_f[layer]")).conclusion is Conclusion.PASSED


def test_broken_given_functions_are_put_right_for_the_check():
    for old, new in (("preactivation.clip(0.0)", "preactivation"), ("2 * (net_output - y)", "net_output - y")):
        key = "compute_network_output" if "clip" in old else "backward_pass"
        outcome = judge(key, (old, new))
        assert outcome.conclusion is Conclusion.PASSED
        assert "starter's own" in outcome.message


def test_a_network_of_fixed_depth_is_not_enough():
    outcome = judge("compute_network_output", ("K = len(all_weights) - 1", "K = 5"))
    assert outcome.fraction == 0.0
    assert outcome.conclusion is Conclusion.ERROR
