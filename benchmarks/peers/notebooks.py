"""The notebooks that are graded: our assignments' solved ones, and for each a wrong one. All get the same cells."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers.contender import Case
from benchmarks.peers.places import ROOT, work

HYPERSPHERES = "coursework-4-hyperspheres"
FUNCTIONS = ("distance_ratio", "volume_of_hypersphere", "get_prop_of_volume_in_outer_1_percent")
POINTS = {"distance_ratio": 30, "volume_of_hypersphere": 25, "get_prop_of_volume_in_outer_1_percent": 15}
TYPED_ANSWERS = {"ratio_1000d": "1.221", "volume_10d": "0.002", "outer_1_percent_300d": "0.951"}
CONVOLUTION = "convolution-1"
CONVOLUTIONS = ("conv_numpy_1", "conv_numpy_2", "conv_numpy_3", "conv_numpy_4")

# The diameter taken for the radius. The proportion of part (c) is a ratio of volumes and stays right.
WRONG_VOLUME = """\
def volume_of_hypersphere(diameter, dimensions):
    return np.pi ** (dimensions / 2) * diameter ** dimensions / sci.gamma(dimensions / 2 + 1)
"""

WRONG_CONVOLUTION = """\
def conv_numpy_1(image, weights, pad=1):
    return np.zeros_like(image, dtype=np.float32)
"""

Notebook = dict[str, Any]
MOST_KEPT = 1_000
_NUMBERS = itertools.count(1)


def read(path: Path) -> Notebook:
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def write(path: Path, notebook: Notebook) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    return path


def source(cell: dict[str, Any]) -> str:
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def defining_cell(notebook: Notebook, function: str) -> dict[str, Any]:
    """The one code cell that defines `function`. Raises LookupError when there is none or more than one."""
    found = [c for c in notebook["cells"] if c["cell_type"] == "code" and f"def {function}(" in source(c)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} cells define {function}")
    cell: dict[str, Any] = found[0]
    return cell


def with_function(notebook: Notebook, function: str, text: str) -> Notebook:
    """A copy in which `function` is defined by `text` instead."""
    copy: Notebook = json.loads(json.dumps(notebook))
    defining_cell(copy, function)["source"] = text
    return copy


def submissions(solved: Path, count: int, folder: Path | None = None) -> list[Path]:
    """Notebooks that no tool has seen before: a comment in each cell differs, as between students."""
    folder = folder or work("notebooks") / "submissions"
    notebook, made = read(solved), []
    for _ in range(count):
        number = next(_NUMBERS)
        copy: Notebook = json.loads(json.dumps(notebook))
        for cell in copy["cells"]:
            if cell["cell_type"] == "code":
                cell["source"] = f"{source(cell)}\n# submission {number}"
        made.append(write(folder / f"{solved.stem}-{number % MOST_KEPT}.ipynb", copy))
    return made


def hyperspheres() -> Case:
    solved = read(ROOT / "assignments" / HYPERSPHERES / "solution.ipynb")
    return _hyperspheres("solution", "solved hypersphere notebook as it is in the assignment", solved)


def convolution() -> Case:
    solved = read(ROOT / "assignments" / CONVOLUTION / "solution.ipynb")
    title = "solved convolution notebook, which imports PyTorch"
    return _case("torch", title, CONVOLUTION, CONVOLUTIONS, solved, ("conv_numpy_1", WRONG_CONVOLUTION))


def _hyperspheres(key: str, title: str, solved: Notebook) -> Case:
    return _case(key, title, HYPERSPHERES, FUNCTIONS, solved, ("volume_of_hypersphere", WRONG_VOLUME))


def _case(
    key: str, title: str, assignment: str, functions: tuple[str, ...], solved: Notebook, wrong: tuple[str, str]
) -> Case:
    folder = work("notebooks")
    return Case(
        key,
        title,
        assignment,
        functions,
        write(folder / f"{key}.ipynb", solved),
        write(folder / f"{key}-wrong.ipynb", with_function(solved, *wrong)),
        wrong_function=wrong[0],
    )


CASES: dict[str, Callable[[], Case]] = {"solution": hyperspheres, "torch": convolution}
