"""Folders and environments of the comparison, all below `.bench/` (ignored by git), kept for the next run."""

from __future__ import annotations

from pathlib import Path

from tools.setup import stamp
from tools.setup.environment import Environment
from tools.setup.say import step

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BENCH = ROOT / ".bench"
COURSE = ROOT / ".kernels/course"
LAYER = "peers"


def environment(name: str) -> Path:
    """`.bench/<name>`, filled from requirements-<name>.txt; made anew only when that file has changed.

    Raises tools.setup.say.SetupError with pip's last lines.
    """
    lock = HERE / f"requirements-{name}.txt"
    place = BENCH / name
    inputs = stamp.digest([lock])
    if stamp.state(place, LAYER, inputs) is stamp.State.CURRENT:
        return place
    made = Environment(place, BENCH / f"{name}.log")
    made.create(ROOT / "requirements/pip.txt")
    with step(f"{name}: installing from {lock.name}"):
        made.pip("install", "-r", str(lock))
    version = made.run("import platform; print(platform.python_version())").strip()
    stamp.write(stamp.path(place, LAYER), stamp.Stamp(inputs, str(place), version))
    made.mark.unlink(missing_ok=True)
    return place


def version(name: str) -> str:
    """The version of the package that requirements-<tool>.txt is there for: "nbgrader 0.9.6"."""
    package = {"otter": "otter-grader"}.get(name, name)
    for line in (HERE / f"requirements-{name}.txt").read_text().splitlines():
        if line.startswith(f"{package}=="):
            return line.replace("==", " ")
    raise LookupError(f"requirements-{name}.txt does not pin {package}")


def work(name: str) -> Path:
    """A folder of this tool's own for courses, submissions and results."""
    folder = BENCH / "work" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
