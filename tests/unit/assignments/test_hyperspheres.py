"""Coursework 4: answers as students write them."""

import time

import pytest

from assignments.outcome import Conclusion
from tests.support.packages import judge as judge_in

SLUG = "coursework-4-hyperspheres"
VOLUME = "def volume_of_hypersphere(d, n):\n    return np.pi ** (n / 2) * (d / 2) ** n / sci.gamma(n / 2 + 1)\n"
OUTER = "get_prop_of_volume_in_outer_1_percent"


def judge(key, code, **options):
    return judge_in(SLUG, key, code, **options)


RIGHT_RATIOS = {
    "double loop": """
        def distance_ratio(x):
            dist = []
            for i in range(x.shape[1]):
                for j in range(x.shape[1]):
                    if i != j:
                        dist.append(math.dist(x[:, i], x[:, j]))
            return max(dist) / min(dist)""",
    "matrix of all differences": """
        def distance_ratio(x):
            d = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0))
            return d.max() / d[d > 0].min()""",
    "expanded square, diagonal replaced": """
        def distance_ratio(x):
            s = np.sum(x ** 2, axis=0)
            d2 = s[:, None] + s[None, :] - 2 * x.T @ x
            off = d2[~np.eye(x.shape[1], dtype=bool)]
            return [[np.sqrt(off.max() / off.min())]]""",
    "list of one": """
        def distance_ratio(x):
            p = x.T
            d = [np.linalg.norm(a - b) for i, a in enumerate(p) for b in p[i + 1:]]
            return np.array([[max(d) / min(d)]])""",
}
WRONG_RATIOS = {
    "squared-distances": "d = ((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0); return d.max() / d[d > 0].min()",
    "rows-for-columns": "d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=-1)); return d.max() / d[d > 0].min()",
    "self-distance": "d = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0)); return d.max() / d.min()",
    "consecutive-points": "d = np.linalg.norm(np.diff(x), axis=0); return d.max() / d.min()",
    "global-for-argument": "d = pdist(x_2D); return d.max() / d.min()",
    "returns-none": "d = 3.0",
    "undefined-name": "return largest / smallest",
    "raises-index-error": "return x[1000, 0]",
    "placeholder": "return 1.0",
    "not-a-scalar": "return x",
    "constant-factor": "d = np.sqrt(((x[..., None] - x[:, None]) ** 2).sum(0)); return 1.3 * d.max() / d[d>0].min()",
}


def lines(text):
    import textwrap

    return textwrap.dedent(text)


@pytest.mark.parametrize("code", RIGHT_RATIOS.values(), ids=RIGHT_RATIOS)
def test_the_ratio_is_right_however_it_is_written(code):
    for seed in range(10):
        outcome = judge("distance_ratio", lines(code), seed=seed)
        assert outcome.conclusion is Conclusion.PASSED, outcome


@pytest.mark.parametrize(("diagnosis", "body"), WRONG_RATIOS.items(), ids=WRONG_RATIOS)
def test_a_wrong_ratio_is_told_what_is_wrong(diagnosis, body):
    for seed in range(3):
        before = """
x_2D = np.random.RandomState(0).normal(size=(2, 50))
def pdist(x):
    d = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0))
    return d[np.triu_indices(x.shape[1], 1)]
"""
        outcome = judge("distance_ratio", f"def distance_ratio(x):\n    {body}\n", seed=seed, before=before)
        assert outcome.fraction == 0.0
        assert outcome.diagnosis == diagnosis, outcome


def test_round_off_left_of_a_self_distance_is_recognised():
    code = """
        def distance_ratio(x):
            s = np.sum(x ** 2, axis=0)
            d = np.sqrt(np.abs(s[:, None] + s[None, :] - 2 * x.T @ x) + 1e-16)
            return d.max() / d.min()"""
    assert judge("distance_ratio", lines(code)).diagnosis == "self-distance"


def test_zero_division_of_a_self_distance_is_recognised_and_stays_an_error():
    code = "def distance_ratio(x):\n    d = [math.dist(a, b) for a in x.T for b in x.T]\n    return max(d) / min(d)"
    outcome = judge("distance_ratio", code)
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.ERROR, "self-distance")


def test_a_function_for_exactly_1000_points_loses_a_part_and_is_told_so():
    code = """
        n_data = 1000
        def distance_ratio(x):
            d = []
            for i in range(n_data - 1):
                d.append(np.sqrt(((x[:, i + 1:n_data] - x[:, [i]]) ** 2).sum(axis=0)))
                x[:, i]
            x[:, n_data - 1]
            d = np.concatenate(d)
            return d.max() / d.min()"""
    outcome = judge("distance_ratio", lines(code))
    assert (outcome.conclusion, outcome.fraction, outcome.diagnosis) == (Conclusion.PARTIAL, 0.8, "size-fixed")
    assert "exactly 1000 points" in outcome.message


def test_changing_the_argument_is_noted_and_costs_nothing():
    code = """
        def distance_ratio(x):
            x -= x.mean()
            d = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0))
            return d.max() / d[d > 0].min()"""
    outcome = judge("distance_ratio", lines(code))
    assert outcome.conclusion is Conclusion.PASSED
    assert "`x` in place" in outcome.message


def test_a_missing_function_names_the_near_miss():
    outcome = judge("distance_ratio", "def distance_ration(x):\n    return 1.0")
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.MISSING, "renamed")
    assert "`distance_ration`" in outcome.message


def test_a_number_where_the_function_was_is_named():
    outcome = judge("distance_ratio", "distance_ratio = 1.22")
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.FAILED, "not-a-function")


@pytest.mark.parametrize(
    "body",
    [
        "r = diameter / 2; return math.pi ** (dimensions / 2) * r ** dimensions / math.gamma(dimensions / 2 + 1)",
        "return np.array([[np.pi ** (dimensions / 2) / sci.gamma(dimensions / 2 + 1) * (diameter / 2) ** dimensions]])",
        "v = [1.0, diameter]\n    for n in range(2, dimensions + 1):\n"
        "        v.append(v[n - 2] * 2 * math.pi / n * (diameter / 2) ** 2)\n    return v[dimensions]",
    ],
)
def test_the_volume_is_right_however_it_is_written(body):
    for seed in range(20):
        code = f"def volume_of_hypersphere(diameter, dimensions):\n    {body}"
        outcome = judge("volume_of_hypersphere", code, seed=seed)
        assert outcome.conclusion is Conclusion.PASSED, outcome


def test_a_volume_that_reads_the_notebooks_diameter_is_told_so():
    code = "diameter = 1.0\n" + VOLUME.replace("(d, n)", "(d, n)").replace("d / 2", "diameter / 2")
    outcome = judge("volume_of_hypersphere", code)
    # Diameter 1 is also what a function that leaves the argument out gives.
    assert outcome.diagnosis in {"diameter-ignored", "global-for-argument"}


def test_whole_number_division_is_right_in_even_dimensions_only():
    outcome = judge("volume_of_hypersphere", VOLUME.replace("n / 2", "n // 2"))
    assert (outcome.conclusion, outcome.fraction, outcome.diagnosis) == (Conclusion.PARTIAL, 0.4, "whole-division")


@pytest.mark.parametrize(
    "body",
    [
        "return 1 - 0.99 ** dimension",
        "return (volume_of_hypersphere(1.0, dimension) - volume_of_hypersphere(0.99, dimension))"
        " / volume_of_hypersphere(1.0, dimension)",
        "return [1 - volume_of_hypersphere(0.99, dimension) / volume_of_hypersphere(1, dimension)]",
    ],
)
def test_the_proportion_is_right_however_it_is_written(body):
    for seed in range(20):
        outcome = judge(OUTER, f"{VOLUME}\ndef {OUTER}(dimension):\n    {body}", seed=seed)
        assert outcome.conclusion is Conclusion.PASSED, outcome


@pytest.mark.parametrize(
    "volume",
    [
        "def volume_of_hypersphere(d, n):\n    return 1.0\n",
        VOLUME.replace("d / 2) ** n", "d / 2) * n"),
        "def volume_of_hypersphere(d, n):\n    return undefined\n",
        "",
    ],
)
def test_a_wrong_volume_does_not_cost_the_proportion(volume):
    body = "return 1 - volume_of_hypersphere(0.99, dimension) / volume_of_hypersphere(1.0, dimension)"
    outcome = judge(OUTER, f"{volume}\ndef {OUTER}(dimension):\n    {body}")
    assert outcome.conclusion is Conclusion.PASSED
    assert "does not count twice" in outcome.message


def test_a_difference_of_volumes_does_not_pass_with_the_other_volume_either():
    body = "return volume_of_hypersphere(1.0, dimension) - volume_of_hypersphere(0.99, dimension)"
    outcome = judge(OUTER, f"{VOLUME}\ndef {OUTER}(dimension):\n    {body}")
    assert (outcome.fraction, outcome.diagnosis) == (0.0, "volume-not-proportion")


def test_a_gamma_function_that_overflows_costs_the_high_dimensions_only():
    volume = VOLUME.replace("sci.gamma(n / 2 + 1)", "(sci.gamma(n / 2 + 1) * sci.gamma(n + 1) / sci.gamma(n + 1))")
    body = "return 1 - volume_of_hypersphere(0.99, dimension) / volume_of_hypersphere(1.0, dimension)"
    wrapped = body.replace("volume_of_hypersphere", "wrapped")
    code = f"{volume}\nwrapped = volume_of_hypersphere\ndef {OUTER}(dimension):\n    {wrapped}"
    outcome = judge(OUTER, code)
    assert (outcome.conclusion, outcome.fraction) == (Conclusion.PARTIAL, 0.8)
    assert "Right up to 150 dimensions" in outcome.message


def test_a_percentage_earns_a_third():
    outcome = judge(OUTER, f"def {OUTER}(dimension):\n    return 100 * (1 - 0.99 ** dimension)")
    assert outcome.diagnosis == "percentage"
    assert outcome.fraction == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("key", "typed", "conclusion", "diagnosis"),
    [
        ("ratio_1000d", "1.221", "passed", None),
        ("ratio_1000d", "1,221", "passed", None),
        ("ratio_1000d", "2840.258", "failed", "other-dimension"),
        ("ratio_1000d", "2.038", "failed", "other-dimension"),
        ("ratio_1000d", "1.490", "failed", "squared-distances"),
        ("volume_10d", "0.002", "passed", None),
        ("volume_10d", "0.0025", "passed", None),
        ("volume_10d", "0.003", "failed", None),
        ("volume_10d", "2.550", "failed", "diameter-for-radius"),
        ("outer_1_percent_300d", "0.951", "passed", None),
        ("outer_1_percent_300d", "95.1 %", "failed", "percentage"),
        ("outer_1_percent_300d", "0.049", "failed", "inner-for-outer"),
        ("outer_1_percent_300d", "0.919", "failed", "other-dimension"),
        ("outer_1_percent_300d", "1", "failed", "too-few-digits"),
        ("outer_1_percent_300d", "1.000", "failed", None),
        ("outer_1_percent_300d", "", "missing", None),
    ],
)
def test_submitted_numbers(key, typed, conclusion, diagnosis):
    outcome = judge(key, "pass", answers={key: typed} if typed else {})
    assert (outcome.conclusion.value, outcome.diagnosis) == (conclusion, diagnosis), outcome


def test_a_huge_global_of_the_notebook_does_not_stall_the_check():
    """The check tries the notebook's own points in place of the argument; a million of them it must not."""
    began = time.monotonic()
    before = "x_2D = np.zeros((1, 2_000_000))"
    outcome = judge("distance_ratio", "def distance_ratio(x):\n    return 1.5", before=before)
    assert outcome.diagnosis == "constant"
    assert time.monotonic() - began < 5
