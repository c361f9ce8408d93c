"""What is said of a function: its worst trial, arguments that it ignores, values that overwrite it, its digits."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary import FunctionTask, SecondChance, Trial, judge_function
from reference.comparators.arrays import Comparison
from reference.comparators.numbers import Numbers, to_numbers
from reference.plain import Plain
from tests.support.direct_ask import DirectAsk

TASK = FunctionTask("area", ("width", "height"), lambda width, height: width * height + 1.0, elementwise=(0, 1))
SIZES = [(2.3, 0.7), (1.1, 3.9), (4.2, 1.3), (0.6, 2.7)]
TRIALS = [Trial((w, h), f"for size {i}") for i, (w, h) in enumerate(SIZES)]


def judged(code: str, task: FunctionTask = TASK, trials: list[Trial] = TRIALS, **options: SecondChance) -> Outcome:
    ask = DirectAsk(["import numpy as np\nimport math", code])
    ask.namespace["In"] = ["", code]
    return judge_function(ask, task, trials, **options)


def test_the_trial_that_is_furthest_off_is_told() -> None:
    code = """
calls = iter([1.001, 1.0, 1.7, 1.002])
def area(width, height):
    return (width * height + 1) * next(calls)"""
    outcome = judged(code)
    assert outcome.message == "The result of `area` for size 2 is off by about 70 % (3 of 4 trials are wrong)."
    assert "relative error 0.7" in outcome.staff


def test_a_wrong_form_is_told_before_a_wrong_value() -> None:
    code = """
calls = iter([1.001, 5.0, np.nan, 1.002])
def area(width, height):
    return (width * height + 1) * next(calls)"""
    assert "for size 2 is NaN" in judged(code).message


def test_an_argument_that_makes_no_difference_is_named() -> None:
    outcome = judged("def area(width, height):\n    return width ** 2 + 3")
    assert (outcome.diagnosis, outcome.fraction) == ("argument-ignored", 0.0)
    assert "`height`" in outcome.message


def test_a_wrong_function_of_all_arguments_ignores_none() -> None:
    assert judged("def area(width, height):\n    return width ** 2 + height").diagnosis is None


def test_a_function_that_its_cell_overwrites_is_graded_as_defined() -> None:
    outcome = judged("def area(width, height):\n    return width * height + 1\narea = area(2, 3)")
    assert (outcome.conclusion, outcome.fraction) == (Conclusion.PASSED, 1.0)
    assert "overwrites the function `area` with a value" in outcome.message
    wrong = judged("def area(width, height):\n    return -width * height - 1\narea = area(2, 3)")
    assert (wrong.diagnosis, wrong.fraction) == ("minus-sign", 0.0)
    assert "overwrites the function" in wrong.message


def test_a_value_that_never_was_a_function_is_named() -> None:
    outcome = judged("area = 12.0")
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.FAILED, "not-a-function")


@pytest.mark.parametrize("parameters", ["width", "width, height, depth", "*, width, height"])
def test_a_function_for_other_arguments_is_told_how_it_is_called(parameters: str) -> None:
    outcome = judged(f"def area({parameters}):\n    return 12.0")
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.ERROR, "raises-type-error")
    assert outcome.message.endswith("It is called as `area(width, height)`.")
    within = judged("def area(width, height):\n    return len(width, height)")
    assert "It is called as" not in within.message


def test_single_precision_earns_most_and_is_told() -> None:
    code = "def area(width, height):\n    return np.float32((width * height + 1) * (1 + 4e-6))"
    outcome = judged(code)
    assert (outcome.conclusion, outcome.fraction, outcome.diagnosis) == (Conclusion.PARTIAL, 0.8, "rounded-float32")
    far = judged("def area(width, height):\n    return np.float32((width * height + 1) * (1 + 4e-5))")
    assert far.fraction == 0


def test_a_function_for_single_numbers_only_is_told_so() -> None:
    trials = [Trial((np.array([w, w + 1]), np.array([h, h + 1]))) for w, h in SIZES]
    outcome = judged("def area(width, height):\n    return float(width) * height + 1", trials=trials)
    assert outcome.diagnosis == "scalars-only"
    other = judged("def area(width, height):\n    return float(width) * height", trials=trials)
    assert other.diagnosis == "raises-type-error"


@pytest.mark.parametrize(
    ("fraction", "conclusion", "message"),
    [
        (1.0, Conclusion.PASSED, "Correct. Note: five numbers only."),
        (0.8, Conclusion.PARTIAL, "Note: five numbers only."),
    ],
)
def test_a_function_for_the_size_of_the_material_loses_points_only_where_any_size_is_asked(
    fraction: float, conclusion: Conclusion, message: str
) -> None:
    task = FunctionTask("total", ("x",), np.sum)
    sizes = [Trial((np.arange(n) + 0.5,)) for n in (2, 3)]
    chance = SecondChance(lambda: [Trial((np.arange(5) + 0.3,))], "Note: five numbers only.", fraction)
    fixed = "def total(x):\n    return sum(x[i] for i in range(5))"
    outcome = judged(fixed, task=task, trials=sizes, second_chance=chance)
    assert (outcome.conclusion, outcome.fraction, outcome.message) == (conclusion, fraction, message)
    assert outcome.diagnosis == "size-fixed"
    wrong = judged(fixed + " + 1", task=task, trials=sizes, second_chance=chance)
    assert (wrong.conclusion, wrong.fraction) == (Conclusion.ERROR, 0.0)


@pytest.mark.parametrize(
    ("code", "fraction"),
    [
        ("def slope(x):\n    return 3 * x ** 2", 1.0),
        ("def slope(x):\n    return np.array([3 * v * v for v in x])", 1.0),
        ("def slope(x, e=1e-5):\n    return ((x + e) ** 3 - (x - e) ** 3) / (2 * e)", 0.5),
        ("def slope(x, e=1e-4):\n    return ((x + e) ** 3 - (x - e) ** 3) / (2 * e)", 0.5),
        ("def slope(x, e=1e-8):\n    return ((x + e) ** 3 - x ** 3) / e", 0.5),
    ],
)
def test_a_difference_quotient_is_told_from_a_derivative(code: str, fraction: float) -> None:
    task = FunctionTask("slope", ("x",), lambda x: 3 * x**2, approximate=0.5)
    trials = [Trial((np.array(x),)) for x in ([0.3, 1.7, 2.2], [0.9, 1.1], [4.2, 0.8])]
    outcome = judged(code, task=task, trials=trials)
    assert outcome.fraction == fraction
    assert (outcome.diagnosis == "finite-differences") is (fraction < 1)
    assert judged(code, task=FunctionTask("slope", ("x",), lambda x: 3 * x**2), trials=trials).fraction == 1


@pytest.mark.parametrize(("step", "fraction"), [(1e-5, 0.5), (1e-4, 0.5), (1e-1, 0.0)])
def test_a_coarse_difference_quotient_is_nearly_right(step: float, fraction: float) -> None:
    code = f"def slope(x, e={step}):\n    return ((x + e) ** 3 - x ** 3) / e"
    trials = [Trial((np.array(x),)) for x in ([0.3, 1.7, 2.2], [0.9, 1.1], [4.2, 0.8])]
    outcome = judged(code, task=FunctionTask("slope", ("x",), lambda x: 3 * x**2, approximate=0.5), trials=trials)
    assert (outcome.fraction, outcome.diagnosis == "finite-differences") == (fraction, fraction > 0)
    assert judged(code, task=FunctionTask("slope", ("x",), lambda x: 3 * x**2), trials=trials).fraction == 0


@pytest.mark.parametrize("values", ["np.nan", "np.inf", "np.where(x > 1, np.nan, 3 * x**2)"])
def test_what_is_no_number_is_never_nearly_right(values: str) -> None:
    code = f"def slope(x):\n    return np.zeros(np.shape(x)) + {values}"
    trials = [Trial((np.array(x),)) for x in ([0.3, 1.7, 2.2], [0.9, 1.1], [4.2, 0.8])]
    outcome = judged(code, task=FunctionTask("slope", ("x",), lambda x: 3 * x**2, approximate=0.5), trials=trials)
    assert outcome.fraction == 0
    assert outcome.diagnosis in {"nan", "infinite"}


def test_arguments_changed_in_place_are_told_beside_a_mistake() -> None:
    task = FunctionTask("double", ("x",), lambda x: 2 * x)
    trials = [Trial((np.array([1.0, 2.5, 4.0]) + i,)) for i in range(3)]
    outcome = judged("def double(x):\n    x *= 3\n    return x", task=task, trials=trials)
    assert outcome.diagnosis == "constant-factor"
    assert "changes its argument `x` in place" in outcome.message


def test_right_results_of_differing_lengths_have_no_relation_and_break_nothing() -> None:
    def compare(got: Plain, want: Plain) -> Comparison:
        numbers = to_numbers(got)
        assert isinstance(numbers, Numbers)
        return Comparison(False, "is another one", numbers=numbers.array)

    task = FunctionTask("rows", ("x",), lambda x: [[x], [x, x]], compare=compare)
    outcome = judged("def rows(x):\n    return x", task, [Trial((1.5,)), Trial((2.5,))])
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.FAILED, None)
