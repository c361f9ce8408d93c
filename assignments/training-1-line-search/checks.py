"""Training 1: the minimum that `line_search` finds, on fresh functions with one minimum.

The wording permits several right searches, so only the minimum found is judged, never the points on the way.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Part, Trial, check, judge_function
from assignments.vocabulary.probing import ProbedAsk
from reference.comparators.minima import Minimum, compare_minimum
from reference.implementations import line_search as reference
from reference.plain import Plain

# The formula of reference.implementations.line_search.Valley; it takes numbers and arrays.
PROBE = """
def probe(minimum, left, right, left_power, right_power, level, options):
    import __main__
    def loss_function(phi):
        off = phi - minimum
        below, above = (abs(off) - off) / 2, (abs(off) + off) / 2
        return level + left * below ** left_power + right * above ** right_power
    return __main__.line_search(loss_function, **options)
"""
# Ten iterations leave a bracket of 0.0174, thresh = 1e-4 one of three times that.
AS_CALLED: Mapping[Plain, Plain] = {}
FINER: Mapping[Plain, Plain] = {"thresh": 1e-4, "max_iter": 40}
WITHIN = {"called": 0.012, "finer": 0.001}
PLACES = ((0.01, 0.04), (0.06, 0.3), (0.36, 0.46), (0.53, 0.62), (0.7, 0.94), (0.96, 0.99))
BETWEEN = (
    0.33,
    0.66,
)  # minima between b and c, with equal sides: the nearer of the two is better, and is not the fence


def wanted(minimum: float, *others: object) -> Minimum:
    return Minimum(minimum, WITHIN["finer" if others[-1] else "called"])


LINE_SEARCH = FunctionTask(
    function="line_search",
    parameters=("loss_function", "thresh", "max_iter", "draw_flag"),
    reference=wanted,
    parts=(
        Part("called", 0.6, "as the notebook calls it"),
        Part("finer", 0.4, "with more iterations"),
    ),
    misconceptions=reference.LINE_SEARCH,
    compare=compare_minimum,
    notebook_results=("soln",),
)


@check("line_search")
def line_search(ask: Ask) -> Outcome:
    trials = []
    for part, options in (("called", AS_CALLED), ("finer", FINER)):
        for low, high in PLACES:
            minimum = float(ask.rng.uniform(low, high))
            said = f"for a minimum {_where(low)}" + (" with more iterations" if part == "finer" else "")
            trials.append(
                Trial((minimum, *shape(ask.rng, even=BETWEEN[0] < low < BETWEEN[1]), dict(options)), said, part)
            )
    return judge_function(ProbedAsk(ask, "line_search", PROBE), LINE_SEARCH, trials)


def shape(rng: np.random.Generator, *, even: bool) -> tuple[float, ...]:
    """How the two sides rise, each in its own way unless `even`, and the level of the bottom."""
    steep = np.broadcast_to(rng.uniform(0.4, 3.0, size=1 if even else 2), 2)
    powers = np.broadcast_to(rng.uniform(1.0, 2.3, size=1 if even else 2), 2)
    return (*map(float, steep), *map(float, powers), float(rng.uniform(0.1, 2.0)))


def _where(low: float) -> str:
    if low < 0.05:
        return "near 0"
    if low > 0.95:
        return "near 1"
    return "on the left" if low < 0.35 else "in the middle" if low < 0.65 else "on the right"
