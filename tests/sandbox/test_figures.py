"""Figures at which nobody looks are not drawn; a line of text stands for each."""

import asyncio
from dataclasses import replace

from tests.sandbox.conftest import Ran, run_in
from worker.kernels.session import SessionSpec

CELLS = (
    "import matplotlib.pyplot as plt",
    "plt.plot([1, 2]); plt.show(); plt.plot([2, 1])",
    "fig, axes = plt.subplots(1, 2, figsize=(4, 3), dpi=100); axes[0].plot([1])\nplt.close(); display([fig], fig)",
    "%config InlineBackend.figure_formats = ['svg']\nplt.plot([1, 2]); plt.show()",
    "%matplotlib inline\nplt.plot([1]); plt.savefig('mine.png')\nprint(open('mine.png', 'rb').read(4))",
    "%config InlineBackend.figure_formats = ['bmp']",
)
UNDRAWN = "(not drawn: this assignment is graded without its figures)"


def pictures(ran: Ran) -> list[int]:
    """How many each cell shows."""
    kinds = [[kind for output in cell.outputs for kind in output.get("data", {})] for cell in ran.cells]
    return [len([kind for kind in of_cell if kind.startswith("image/")]) for of_cell in kinds]


def test_a_line_with_the_size_stands_for_each_figure(spec: SessionSpec) -> None:
    ran = asyncio.run(run_in(replace(spec, withheld=("figures",)), CELLS))
    assert ran.statuses == ["ok"] * len(CELLS)
    assert pictures(ran) == [0] * len(CELLS)
    assert [ran.text(i).count(UNDRAWN) for i in range(len(CELLS))] == [0, 2, 2, 1, 1, 0]
    assert f"<Figure size 400x300 with 2 Axes> {UNDRAWN}" in ran.text(2)
    assert "b'\\x89PNG'" in ran.text(4)
    assert "supported formats are" in ran.text(5)
