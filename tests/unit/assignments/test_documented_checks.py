"""The checks that docs/assignments.md shows are carried out as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from assignments.outcome import Outcome
from assignments.vocabulary.registry import checks_of
from tests.support.direct_ask import DirectAsk

TEXT = (Path(__file__).parents[3] / "docs" / "assignments.md").read_text()
EXAMPLES = [code for code in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) if "@check(" in code]
RIGHT = """
import numpy as np

def compute_sum_of_squares(y_train, y_pred):
    return ((y_pred - y_train) ** 2).sum()

def draw_waiting_times(rate, n):
    return -np.log(1 - np.random.default_rng(0).random(n)) / rate

def cluster_means(points, labels):
    return [points[labels == k].mean(axis=0) for k in (2, 0, 1)]

def main_directions(points):
    values, vectors = np.linalg.eigh(np.cov(points, rowvar=False))
    return -vectors[:, np.argsort(-values)]
"""


def shown(key: str) -> ModuleType:
    for code in EXAMPLES:
        module = ModuleType("shown")
        exec(compile(code, "docs/assignments.md", "exec"), module.__dict__)
        if key in checks_of(module):
            return module
    raise LookupError(key)


def concluded(key: str, change: str = "", *, seed: int = 0) -> Outcome:
    outcome = checks_of(shown(key))[key](DirectAsk([RIGHT, change], seed=seed))
    assert isinstance(outcome, Outcome)
    return outcome


KEYS = ["compute_sum_of_squares", "draw_waiting_times", "cluster_means", "main_directions"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("key", KEYS)
def test_right_functions_pass_in_any_order_and_with_any_sign(key: str, seed: int) -> None:
    outcome = concluded(key, seed=seed)
    assert outcome.fraction == 1, outcome


@pytest.mark.parametrize(
    ("key", "change", "diagnosis"),
    [
        ("compute_sum_of_squares", "def compute_sum_of_squares(y, p): return -((y - p) ** 2).sum()", "minus-sign"),
        (
            "draw_waiting_times",
            "def draw_waiting_times(rate, n): return np.random.default_rng(0).exponential(3 * rate + 9, n)",
            "draws-too-large",
        ),
        ("draw_waiting_times", "def draw_waiting_times(rate, n): return np.full(n, 1 / rate)", "not-random"),
        ("cluster_means", "def cluster_means(points, labels): return 2 * points[:3]", None),
        (
            "main_directions",
            "def main_directions(points): return 2 * np.linalg.eigh(np.cov(points.T))[1][:, ::-1]",
            "factor-2",
        ),
        ("main_directions", "def main_directions(points): return np.linalg.eigh(np.cov(points.T))[1]", None),
    ],
)
def test_wrong_functions_are_told_how(key: str, change: str, diagnosis: str | None) -> None:
    for seed in range(3):
        outcome = concluded(key, change, seed=seed)
        assert (outcome.fraction, outcome.diagnosis) == (0, diagnosis), outcome


def test_every_check_that_is_shown_is_tried_here() -> None:
    assert sorted(re.findall(r'@check\("(\w+)"\)', "\n".join(EXAMPLES))) == sorted(KEYS)
