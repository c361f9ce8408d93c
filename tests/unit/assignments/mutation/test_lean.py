"""Which cells a solution's answers need."""

from __future__ import annotations

from assignments.mutation.lean import needed_cells

CELLS = [
    "import numpy as np",
    "def helper(x):\n    return 2 * x",
    "def f(x):\n    return helper(x) + scale",
    "scale = 3.0",
    "print(f(1))",
    "curve = [f(i) for i in range(9)]\nplt.plot(curve)",
    "model = make()",
    "for step in range(3):\n    model.improve()",
    "%%bash\nls",
]


def needed(functions: set[str], variables: set[str]) -> set[int]:
    cells = [{"cell_type": "code", "source": source} for source in CELLS]
    return set(needed_cells(cells, frozenset(functions), frozenset(variables)))


def test_a_function_needs_what_it_uses_and_nothing_that_uses_it() -> None:
    assert needed({"f"}, set()) == {0, 1, 2, 3}


def test_a_variable_needs_the_cells_that_may_change_it() -> None:
    assert needed(set(), {"model"}) == {0, 6, 7}


def test_a_parameter_is_no_use_of_a_variable_of_that_name() -> None:
    sources = ["def f(layers):\n    return [layer(2) for layer in layers]", "layer = 1", "layers = train()"]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    assert needed_cells(cells, frozenset({"f"}), frozenset()) == {0}
