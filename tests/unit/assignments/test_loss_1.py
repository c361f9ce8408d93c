"""Loss 1: answers as students write them."""

import pytest

from assignments.outcome import Conclusion
from tests.support.packages import judge as judge_in

SLUG = "loss-1-regression"
NORMAL = """
def normal_distribution(y, mu, sigma):
    return np.exp(-(y - mu) ** 2 / (2 * sigma ** 2)) / np.sqrt(2 * math.pi * sigma ** 2)
"""
LIKELIHOOD, NLL, SQUARES = "compute_likelihood", "compute_negative_log_likelihood", "compute_sum_of_squares"
LOOP = "p = {start}\n    for i in range(len(y_train)):\n        {step}\n    return p"


def judge(key, code, **options):
    return judge_in(SLUG, key, code, **options)


def function(key, body):
    second = "y_pred" if key == SQUARES else "mu, sigma"
    return f"{NORMAL}\ndef {key}(y_train, {second}):\n    {body}\n"


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (LIKELIHOOD, "return np.prod(normal_distribution(y_train, mu, sigma))"),
        (LIKELIHOOD, "return np.prod(normal_distribution(y_train, mu, sigma), axis=1)"),
        (LIKELIHOOD, "return np.prod(normal_distribution(y_train, mu, sigma), keepdims=True)"),
        (LIKELIHOOD, LOOP.format(start="1.0", step="p *= normal_distribution(y_train[i], mu[0, i], sigma)")),
        (LIKELIHOOD, LOOP.format(start="1", step="p = p * normal_distribution(y_train[i], mu[0][i], sigma)")),
        (LIKELIHOOD, "return np.exp(np.sum(np.log(normal_distribution(y_train, mu[0], sigma))))"),
        (NLL, "return -np.sum(np.log(normal_distribution(y_train, mu, sigma)))"),
        (NLL, LOOP.format(start="0", step="p -= math.log(normal_distribution(y_train[i], mu[0, i], sigma))")),
        (NLL, "n = y_train.size\n    return n / 2 * np.log(2 * np.pi * sigma ** 2)"
              " + np.sum((y_train - mu) ** 2) / (2 * sigma ** 2)"),
        (SQUARES, "return np.sum((y_train - y_pred) ** 2)"),
        (SQUARES, "d = y_train - y_pred[0]\n    return d @ d"),
        (SQUARES, "d = y_train - y_pred\n    return d @ d.T"),
        (SQUARES, "return float(sum((a - b) ** 2 for a, b in zip(y_train, y_pred.flatten())))"),
    ],
)  # fmt: skip
def test_right_answers_pass_however_they_are_written(key, body):
    for seed in range(20):
        outcome = judge(key, function(key, body), seed=seed)
        assert outcome.conclusion is Conclusion.PASSED, outcome


@pytest.mark.parametrize(
    ("key", "body", "diagnosis", "fraction"),
    [
        (LIKELIHOOD, "return np.sum(normal_distribution(y_train, mu, sigma))", "sum-for-product", 0),
        (LIKELIHOOD, "return normal_distribution(y_train, mu, sigma)", "not-reduced", 0),
        (LIKELIHOOD, "return np.prod(normal_distribution(y_train, mu.T, sigma))", "all-pairs", 0),
        (LIKELIHOOD, "return np.prod(normal_distribution(y_train, mu, 0.2))", "argument-ignored", 0),
        (NLL, "return -np.log(np.prod(normal_distribution(y_train, mu, sigma)))", "log-of-product", 0.5),
        (NLL, "return np.sum(np.log(normal_distribution(y_train, mu, sigma)))", "minus-sign", 0),
        (NLL, "return -np.mean(np.log(normal_distribution(y_train, mu, sigma)))", "mean-for-sum", 0),
        (NLL, "return -np.sum(np.log10(normal_distribution(y_train, mu, sigma)))", "log10", 0),
        (NLL, "return -np.log(normal_distribution(y_train, mu, sigma))", "not-reduced", 0),
        (NLL, LOOP.format(start="0", step="p -= np.log(normal_distribution(y_train[i], mu[0, i], sigma))").replace(
            "range(len(y_train))", "range(len(y_train) - 1)"), "last-point-dropped", 0),
        (SQUARES, "return np.sum((y_train - y_pred.T) ** 2)", "all-pairs", 0),
        (SQUARES, "return np.mean((y_train - y_pred) ** 2)", "mean-for-sum", 0),
        (SQUARES, "return np.sum(y_train - y_pred) ** 2", "square-of-sum", 0),
        (SQUARES, "return 0.5 * np.sum((y_train - y_pred) ** 2)", "factor-half", 0),
        (SQUARES, "sum_of_squares = np.sum((y_train - y_pred) ** 2)", "returns-none", 0),
        (SQUARES, "return str(np.sum((y_train - y_pred) ** 2))", "returns-text", 0),
    ],
)  # fmt: skip
def test_wrong_answers_are_told_what_is_wrong(key, body, diagnosis, fraction):
    for seed in range(10):
        outcome = judge(key, function(key, body), seed=seed)
        assert (outcome.diagnosis, outcome.fraction) == (diagnosis, fraction), outcome


@pytest.mark.parametrize("key", [LIKELIHOOD, NLL])
@pytest.mark.parametrize(
    "normal",
    [
        NORMAL.replace("2 * sigma ** 2", "2 * sigma"),
        NORMAL.replace("-(y", "(y"),
        "def normal_distribution(y, mu, sigma):\n    return np.zeros_like(y)\n",
        "def normal_distribution(y, mu, sigma):\n    return undefined\n",
    ],
)
def test_a_wrong_density_does_not_cost_what_is_built_on_it(key, normal):
    body = {
        LIKELIHOOD: "return np.prod(normal_distribution(y_train, mu, sigma))",
        NLL: "return -np.sum(np.log(normal_distribution(y_train, mu, sigma)))",
    }[key]
    outcome = judge(key, function(key, body) + normal)
    assert outcome.conclusion is Conclusion.PASSED
    assert "does not count twice" in outcome.message


def test_a_mistake_beside_a_wrong_density_is_still_recognised():
    normal = NORMAL.replace("2 * sigma ** 2", "2 * sigma")
    outcome = judge(LIKELIHOOD, function(LIKELIHOOD, "return np.sum(normal_distribution(y_train, mu, sigma))") + normal)
    assert (outcome.fraction, outcome.diagnosis) == (0.0, "sum-for-product")


def test_a_density_for_single_numbers_only_earns_its_share():
    code = (
        "def normal_distribution(y, mu, sigma):\n"
        "    return math.exp(-(y - mu) ** 2 / (2 * sigma ** 2)) / math.sqrt(2 * math.pi * sigma ** 2)\n"
    )
    outcome = judge("normal_distribution", code)
    assert (outcome.conclusion, outcome.fraction) == (Conclusion.PARTIAL, 0.4)
    assert outcome.message.startswith("Right for single numbers.")


@pytest.mark.parametrize(
    ("name", "value", "parameter"), [("sigma", "0.2", "sigma"), ("mu_pred", "np.ones((1, 20)) * 0.3", "mu")]
)
def test_an_answer_that_reads_a_global_is_told_which(name, value, parameter):
    body = f"{parameter} = {name}\n    return -np.sum(np.log(normal_distribution(y_train.mean(), {parameter}, sigma)))"
    if parameter == "sigma":
        body = "return -np.sum(np.log(normal_distribution(y_train, mu, globals()['sigma'])))"
        outcome = judge(NLL, function(NLL, body), before=f"{name} = {value}")
        assert outcome.diagnosis == "global-for-argument"
        assert "`sigma`" in outcome.message


def test_the_notebooks_result_in_place_of_an_own_one_is_recognised():
    outcome = judge(LIKELIHOOD, function(LIKELIHOOD, "return likelihood"), before="likelihood = 1.0624e-05")
    assert outcome.diagnosis == "global-result"


TWENTY = LOOP.replace("len(y_train)", "20")


@pytest.mark.parametrize(
    ("key", "start", "step", "fraction"),
    [
        (LIKELIHOOD, "1.0", "p *= normal_distribution(y_train[i], mu[0, i], sigma)", 1.0),
        # Thousands of data points are in the task's text.
        (NLL, "0.0", "p -= np.log(normal_distribution(y_train[i], mu[0, i], sigma))", 0.5),
        (SQUARES, "0.0", "p += (y_train[i] - y_pred[0, i]) ** 2", 1.0),
    ],
)
def test_twenty_points_as_in_the_notebook_are_enough(key, start, step, fraction):
    for seed in range(5):
        outcome = judge(key, function(key, TWENTY.format(start=start, step=step)), seed=seed)
        assert (outcome.fraction, outcome.diagnosis) == (fraction, "size-fixed"), outcome
        assert "exactly 20 data points" in outcome.message
        wrong = judge(key, function(key, TWENTY.format(start="2.0", step=step)), seed=seed)
        assert wrong.fraction == 0, wrong


def test_a_product_of_twenty_and_its_logarithm_earn_what_few_points_are_worth():
    body = LOOP.replace("len(y_train)", "20").replace("return p", "return -np.log(p)")
    code = function(NLL, body.format(start="1.0", step="p *= normal_distribution(y_train[i], mu[0, i], sigma)"))
    assert judge(NLL, code).fraction == 0.5
