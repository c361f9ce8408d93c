"""Notebooks written elsewhere, through the real pipeline: what is helped with, said, and can be turned off;
and given cells that were changed."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np
import pytest

from assignments.gradable import load_gradable_package
from worker.contract import GradeStatus, Limits
from worker.environments import load_environments
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade_sync

ROOT = Path(__file__).resolve().parents[2]
SLUG = "coursework-4-hyperspheres"
CELLS = (
    "ratio_of_points = distance_ratio(np.random.normal(size=(2, 40)))",  # needs a later cell
    "from google.colab import drive\ndrive.mount('/content/drive')\n!pip install torch",
    "def distance_ratio(x):\n"
    "    d = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0))\n"
    "    return d.max() / d[d > 0].min()",
    "half = np.float(0.5)",
    "import math\nfactor = ratio_of_points\n"
    "def volume_of_hypersphere(diameter, dimensions):\n"
    "    return math.pi ** (dimensions / 2) * (diameter / 2) ** dimensions / math.gamma(dimensions / 2 + 1)",
)


def from_elsewhere() -> bytes:
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def grade(folder: Path, notebook: bytes | None = None) -> Grading:
    package = load_gradable_package(folder)
    request = GradeRequest(
        notebook=notebook or from_elsewhere(),
        package=package,
        environment=load_environments(ROOT / "environments.toml")["course"],
        limits=Limits(**asdict(package.metadata.limits)),
        answers={},
    )
    return grade_sync(request, lambda *_, **__: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)  # checks do not run as root
    shutil.copytree(ROOT / "assignments" / SLUG, tmp_path / SLUG, ignore=shutil.ignore_patterns("__pycache__", "cases"))
    return tmp_path / SLUG


def test_a_notebook_from_elsewhere_runs_and_every_help_is_listed(folder: Path) -> None:
    grading = grade(folder)
    assert grading.status is GradeStatus.GRADED
    assert [cell.status for cell in grading.cells] == ["ok"] * len(CELLS)
    points = {check.key: check.points for check in grading.checks}
    assert (points["distance_ratio"], points["volume_of_hypersphere"]) == (30, 25)
    said = "\n".join(grading.notices)
    assert "added `import numpy as np` in front of the notebook" in said
    assert "Cell 1 needs `distance_ratio`, which a later cell defines" in said
    assert "Cell 5 needs `ratio_of_points`" in said
    assert "There is no Drive here" in said
    assert "`np.float` no longer exists" in said
    assert "no network here" in said


FROM_YEARS_AGO = (
    "import seaborn as sns, numpy as np\nimport scipy.special as sci; import nothing_like_it\nhalf = 0.5",
    "from google.colab import drive\ndrive.mount('/content/drive')\n"
    "assert np.load('/content/drive/My Drive/Deep learning/points.npy').sum() == 10\n"
    "assert open('/content/drive/MyDrive/Deep learning/points.npy', 'rb').read(6) == b'\\x93NUMPY'",
    "import os\nos.chdir('/content/drive/MyDrive/Deep learning')\nassert os.path.exists('points.npy')",
    "try:\n    open('/content/drive/MyDrive/Deep learning/points.npy', 'w')\n    raise SystemExit\n"
    "except FileNotFoundError:\n    pass",
    "import matplotlib.pyplot as plt\nplt.style.use('seaborn-whitegrid')\nplt.style.use(['seaborn', 'ggplot'])",
    "from tqdm.notebook import tqdm\nassert sum(tqdm(range(4))) == 6",
    "assert np.asscalar(np.array([2.0])) == 2 and np.asfarray([1]).dtype == float",
    "def volume_of_hypersphere(diameter, dimensions):\n"
    "    return np.pi ** (dimensions * half) * (diameter * half) ** dimensions / sci.gamma(dimensions * half + 1)",
)


def test_what_colab_and_older_libraries_had_stops_nothing_else(folder: Path) -> None:
    """Modules that are not installed, folders of a Drive, styles of Matplotlib, bars of tqdm, functions of NumPy."""
    (folder / "data").mkdir(exist_ok=True)
    np.save(folder / "data" / "points.npy", np.arange(5))
    cells = [nbformat.v4.new_code_cell(source) for source in FROM_YEARS_AGO]
    grading = grade(folder, nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode())
    assert [(cell.status, cell.error) for cell in grading.cells] == [
        ("error", "ModuleNotFoundError: No module named 'seaborn'"),
        *[("ok", "")] * (len(FROM_YEARS_AGO) - 1),
    ]
    assert {check.key: check.points for check in grading.checks}["volume_of_hypersphere"] == 25
    said = "\n".join(grading.notices)
    assert "Cell 1: `import seaborn as sns, numpy as np` does not work here; what stands behind it was run" in said
    assert "Cell 1: `import nothing_like_it` does not work here" in said
    assert "/content/drive/My Drive/Deep learning/points.npy was read from the working folder" in said
    assert "no folder /content/drive/MyDrive/Deep learning here" in said
    assert "`seaborn-v0_8-whitegrid` is used in its place" in said
    assert "`np.asscalar` no longer exists in NumPy; `a.item()` is used in its place" in said


def test_an_assignment_can_turn_the_helps_off(folder: Path) -> None:
    toml = folder / "assignment.toml"
    off = ("numpy_names", "colab", "torchvision", "shell", "imports", "again")
    toml.write_text(toml.read_text() + "\n[helps]\n" + "".join(f"{name} = false\n" for name in off))
    grading = grade(folder)
    assert grading.status is GradeStatus.GRADED
    assert [cell.status for cell in grading.cells] == ["error", "error", "ok", "error", "error"]
    assert "ModuleNotFoundError: No module named 'google" in grading.cells[1].error
    assert not [notice for notice in grading.notices if notice.startswith("Help: ")]
    assert {check.key: check.points for check in grading.checks}["distance_ratio"] == 0


def locked(folder: Path, rule: str) -> Grading:
    starter = nbformat.reads((folder / "starter.ipynb").read_bytes().decode(), as_version=4)
    cell = next(cell for cell in starter.cells if cell.cell_type == "code" and "import" in cell.source)
    toml = folder / "assignment.toml"
    toml.write_text(toml.read_text() + f'\n[locked]\ncells = ["{cell.id}"]\nrule = "{rule}"\n')
    solution = nbformat.reads((folder / "solution.ipynb").read_bytes().decode(), as_version=4)
    place = next(i for i, other in enumerate(solution.cells) if other.source.strip() == cell.source.strip())
    solution.cells[place].source = cell.source.replace("import numpy as np", "import numpy as np\nnp.pi = 3")
    return grade(folder, nbformat.writes(solution).encode())


@pytest.mark.parametrize("rule", ["restore", "refuse", "report"])
def test_a_locked_cell_that_was_changed_is_put_back_or_refused_and_staff_see_how(folder: Path, rule: str) -> None:
    grading = locked(folder, rule)
    assert "+np.pi = 3" in grading.staff_text
    assert "np.pi" not in " ".join((grading.reason, *grading.notices))
    points = {check.key: check.points for check in grading.checks}
    if rule == "refuse":
        assert grading.status is GradeStatus.REJECTED
        assert "Put it back" in grading.reason
        return
    assert points["distance_ratio"] == 30
    assert points["volume_of_hypersphere"] == (25 if rule == "restore" else 0)
    assert any("put back" in notice for notice in grading.notices) is (rule == "restore")


def test_nothing_is_put_into_a_notebook_that_was_not_made_from_the_starter(folder: Path) -> None:
    starter = nbformat.reads((folder / "starter.ipynb").read_bytes().decode(), as_version=4)
    first = next(cell for cell in starter.cells if cell.cell_type == "code")
    toml = folder / "assignment.toml"
    toml.write_text(toml.read_text() + f'\n[locked]\ncells = ["{first.id}"]\nrule = "restore"\n')
    grading = grade(folder)
    assert "not made from this assignment's starter" in grading.staff_text
    assert not any("put back" in notice for notice in grading.notices)
    assert len(grading.cells) == len(CELLS)


MANUAL = '\n[[checks]]\nkey = "drawing"\ntitle = "Drawing"\npoints = 5\nkind = "manual"\n'


def test_figures_are_left_out_only_where_the_assignment_says_so_and_nobody_marks(folder: Path) -> None:
    cells = [nbformat.v4.new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()")]
    plot = nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
    toml = folder / "assignment.toml"
    toml.write_text('figures = "when_marked"\n' + toml.read_text())
    executed = grade(folder, plot).executed
    assert b"not drawn" in executed
    assert b"image/png" not in executed
    toml.write_text(toml.read_text() + MANUAL)
    executed = grade(folder, plot).executed
    assert b"image/png" in executed
    assert b"not drawn" not in executed
