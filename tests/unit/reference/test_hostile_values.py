"""Whatever a kernel sends, a comparison ends with a result and never lets it pass."""

import numpy as np
from hypothesis import given, settings

from reference.comparators.arrays import compare_array
from reference.comparators.components import component
from reference.comparators.layers import compare_layers
from reference.relations import Pair, diagnose
from tests.support.hostile_values import VALUES

REFERENCES = [np.array(1.7), np.array([1.7, 2.9]), np.array([[1.7, 2.9, 3.1], [4.0, 5.0, 6.5]])]


@settings(max_examples=400, deadline=None)
@given(VALUES)
def test_no_value_makes_a_comparison_raise_or_pass(value):
    for want in REFERENCES:
        result = compare_array(value, want)
        assert not result.equal or np.allclose(np.ravel(result.numbers), np.ravel(want))
        if result.numbers is not None and result.numbers.size == want.size:
            diagnose([Pair(result.numbers, want, 3), Pair(result.numbers, want, 4)])
    assert not compare_layers(value, REFERENCES).equal
    component(value, 0, 3)


def test_a_list_nested_without_end_is_refused():
    nested: list = [1.0]
    for _ in range(5_000):
        nested = [nested]
    assert compare_array(nested, REFERENCES[0]).diagnosis == "too-large"
    assert not compare_layers(nested, REFERENCES).equal


def test_lists_that_share_their_parts_do_not_explode():
    shared: list = [1.0] * 10
    for _ in range(11):
        shared = [shared] * 10
    assert compare_array(shared, REFERENCES[0]).diagnosis == "too-large"
