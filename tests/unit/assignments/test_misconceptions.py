"""Every documented mistake is recognised, never passes, and the right function never fails, whatever is drawn."""

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import gradients, hypersphere, losses
from tests.support.direct_ask import DirectAsk
from tests.support.packages import check

HYPER, LOSS, GRADIENTS = "coursework-4-hyperspheres", "loss-1-regression", "gradients-2-backprop"
TASKS = {
    "distance_ratio": (HYPER, hypersphere.distance_ratio, hypersphere.DISTANCE_RATIO),
    "volume_of_hypersphere": (HYPER, hypersphere.volume_of_hypersphere, hypersphere.VOLUME),
    "get_prop_of_volume_in_outer_1_percent": (
        HYPER,
        hypersphere.prop_of_volume_in_outer_1_percent,
        hypersphere.OUTER_1_PERCENT,
    ),
    "normal_distribution": (LOSS, losses.normal_distribution, losses.NORMAL_DISTRIBUTION),
    "compute_likelihood": (LOSS, losses.likelihood, losses.likelihood_misconceptions()),
    "compute_negative_log_likelihood": (LOSS, losses.negative_log_likelihood, losses.nll_misconceptions()),
    "compute_sum_of_squares": (LOSS, losses.sum_of_squares, losses.SUM_OF_SQUARES),
    "compute_network_output": (GRADIENTS, gradients.compute_network_output, gradients.COMPUTE_NETWORK_OUTPUT),
    "backward_pass": (GRADIENTS, gradients.backward_pass, gradients.BACKWARD_PASS),
}
MISTAKES = [
    pytest.param(function, index, id=f"{function}-{known.key}-{index}")
    for function, (_, _, misconceptions) in TASKS.items()
    for index, known in enumerate(misconceptions)
]


def judge(function, written, seed):
    ask = DirectAsk([], seed=seed)
    ask.namespace[function] = written
    with np.errstate(all="ignore"):
        return check(TASKS[function][0], function)(ask)


@pytest.mark.parametrize("function", TASKS)
def test_the_right_function_passes_for_200_draws(function):
    for seed in range(200):
        outcome = judge(function, TASKS[function][1], seed)
        assert (outcome.conclusion, outcome.fraction) == (Conclusion.PASSED, 1.0), (seed, outcome)


@pytest.mark.parametrize(("function", "index"), MISTAKES)
def test_a_mistake_is_recognised_and_never_passes(function, index):
    known = TASKS[function][2][index]
    for seed in range(3 if known.key == "all-pairs" else 12):  # pairs of thousands of points take a second
        outcome = judge(function, known.wrong, 1_000 + seed)
        assert outcome.conclusion in {Conclusion.FAILED, Conclusion.PARTIAL}, (seed, outcome)
        assert outcome.fraction < 1.0
        assert outcome.diagnosis == known.key, (seed, outcome)
        assert known.sentence in outcome.message


@pytest.mark.parametrize("function", TASKS)
def test_a_result_that_is_a_little_off_never_passes(function):
    """A thousandth is less than one dropped point of many makes, and more than rounding ever does."""
    right = TASKS[function][1]

    def scaled(value):
        return [scaled(part) for part in value] if isinstance(value, list | tuple) else value * 1.001

    for seed in range(60):
        assert judge(function, lambda *arguments: scaled(right(*arguments)), seed).fraction < 1.0


@pytest.mark.parametrize("function", TASKS)
@pytest.mark.parametrize("value", [0.0, 1.0, 0.01, 1.221, np.nan, np.inf, None, "1.0", [], {}, ()])
def test_no_constant_earns_anything(function, value):
    for seed in range(5):
        outcome = judge(function, lambda *_: value, seed)
        assert outcome.fraction == 0.0, outcome
        assert outcome.message
