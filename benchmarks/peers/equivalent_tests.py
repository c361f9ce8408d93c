"""The tests that nbgrader and otter run: the functions, sizes and numbers of calls of our own checks.

Inputs are drawn inside the test from fixed seeds and the right values are written into it, because that is how tests
of these tools are written: they run in the student's process. Ours draws new inputs for every run and compares outside.
"""

from __future__ import annotations

import numpy as np

from reference.implementations import hypersphere

SIZES = ((2, 40), (3, 25), (60, 30), (25, 12))  # of the points, as in our check
DIAMETERS = ((0.61, 1), (1.37, 2), (2.53, 3), (0.83, 10), (1.62, 5), (2.27, 6), (0.47, 9), (1.29, 12))
DIMENSIONS = (1, 2, 11, 47, 123, 211, 300)
RELATIVE = 1e-5
FIRST_SEED = 4100


def body(function: str) -> str:
    """Statements that raise AssertionError unless the global `function` is right. They use `np`."""
    lines = ["import numpy as np"]
    if function == "distance_ratio":
        for seed, size in enumerate(SIZES, start=FIRST_SEED):
            points = np.random.RandomState(seed).normal(size=size)
            right = hypersphere.distance_ratio(points)
            lines.append(f"points = np.random.RandomState({seed}).normal(size={size})")
            lines.append(_assertion("distance_ratio(points)", right))
    elif function == "volume_of_hypersphere":
        for diameter, dimensions in DIAMETERS:
            call = f"volume_of_hypersphere({diameter}, {dimensions})"
            lines.append(_assertion(call, hypersphere.volume_of_hypersphere(diameter, dimensions)))
    elif function == "get_prop_of_volume_in_outer_1_percent":
        for dimension in DIMENSIONS:
            call = f"get_prop_of_volume_in_outer_1_percent({dimension})"
            lines.append(_assertion(call, hypersphere.prop_of_volume_in_outer_1_percent(dimension)))
    else:
        raise LookupError(f"there are no equivalent tests for {function}")
    return "\n".join(lines)


def _assertion(call: str, right: float) -> str:
    return f"assert np.isclose({call}, {float(right)!r}, rtol={RELATIVE}, atol=0)"
