"""Whatever the kernel answers, a check ends with an outcome, without points and with a sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.asking import Call
from assignments.outcome import Outcome
from tests.support.hostile_values import REPLIES
from tests.support.packages import checked

CHECKS = [
    pytest.param(check.run, id=check.spec.key)
    for slug in ("coursework-4-hyperspheres", "loss-1-regression", "gradients-2-backprop")
    for check in checked(slug).checks
]


class HostileKernel:
    """Answers every question with the next of the given replies, whatever was asked."""

    def __init__(self, replies, text):
        self.rng = np.random.default_rng(1)
        self.answers = dict.fromkeys(("ratio_1000d", "volume_10d", "outer_1_percent_300d"), text)
        self._replies, self._asked = replies, 0

    def _next(self):
        self._asked += 1
        return self._replies[self._asked % len(self._replies)]

    def call(self, function, *arguments, **options):
        return self.calls([Call(function, arguments, **options)])[0]

    def calls(self, calls):
        return [self._next() for _ in calls]

    def read(self, name):
        return self._next()


@pytest.mark.parametrize("run", CHECKS)
@settings(max_examples=60, deadline=None)
@given(replies=st.lists(REPLIES, min_size=1, max_size=6), text=st.text(max_size=30))
def test_no_reply_makes_a_check_raise_or_pass(run, replies, text):
    outcome = run(HostileKernel(replies, text))
    assert isinstance(outcome, Outcome)
    assert outcome.fraction == 0.0
    assert outcome.message.strip()
