"""An estimate in words. Rough on purpose: digits would promise what nobody measured."""

from __future__ import annotations

import math

from grader.waiting.estimate import Estimate


def rough(seconds: float) -> str:
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"{5 * math.ceil(seconds / 5)} s"
    if seconds < 9.5 * 60:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 90 * 60:
        return f"{5 * round(seconds / 300)} min"
    return f"{round(seconds / 1800) / 2:g} h"


def sentence(estimate: Estimate) -> str:
    """ "Your result in about 3 min, likely between 1 min and 6 min: from the last 50 measured runs …"."""
    if estimate.seconds is None or estimate.low_s is None or estimate.high_s is None:
        return estimate.why_not
    middle, low, high = (rough(value) for value in (estimate.seconds, estimate.low_s, estimate.high_s))
    about = middle if middle.startswith("a ") else f"about {middle}"
    between = f", likely between {low} and {high}" if low != high else ""
    runs = f"the last {estimate.measured} measured runs" if estimate.measured > 1 else "the one measured run"
    return f"Your result in {about}{between}: from {runs} of this assignment."
