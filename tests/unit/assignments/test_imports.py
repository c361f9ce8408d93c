import pytest

from assignments.imports import forgotten_imports


def names(*sources: str) -> list[str]:
    return [forgotten.name for forgotten in forgotten_imports(sources)]


def test_an_import_that_no_cell_makes_is_found() -> None:
    assert names("x = np.zeros(3)", "plt.plot(x)") == ["np", "plt"]


def test_an_import_that_only_a_later_cell_makes_is_found() -> None:
    assert names("x = np.zeros(3)", "import numpy as np") == ["np"]
    assert names("x = np.zeros(3)\nimport numpy as np") == ["np"]


def test_a_use_inside_a_function_counts() -> None:
    assert names("def f(x):\n    return math.sqrt(x)") == ["math"]


@pytest.mark.parametrize(
    "sources",
    [
        ("import numpy as np", "np.zeros(3)"),
        ("import numpy as np\nnp.zeros(3)",),
        ("x = 1\nprint(x)", "time = 3"),
        ("random = 4", "random.real"),
        ("def f(np):\n    return np.shape",),
        ("from numpy import *", "np.zeros(2)"),
        ("import jax.numpy as np\nnp.zeros(2)",),
        ("np.zeros(2)", "import autograd.numpy as np"),
        ("for time in [1, 2]: time.real",),
        ("not python at all", ""),
        ("print('np.zeros(3)')  # np.zeros",),
        ("import os.path", "os.path.join('a')"),
        ("import torch.nn as nn, torch", "nn.Linear(1, 1); torch.zeros(1)"),
    ],
)
def test_everything_else_is_left_alone(sources: tuple[str, ...]) -> None:
    assert names(*sources) == []
