"""What only executes: stock nbclient, and the bare cells without any kernel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.contender import Marks
from benchmarks.peers.places import COURSE, HERE, environment, version, work
from benchmarks.peers.running import environ, run

# The self-checks of our notebooks print these; a notebook that ran but computed nothing right has other words.
WRONG_WORDS = "not right yet"
RIGHT_WORD = "OK"


class Executor:
    """A script of `inside/` that executes notebooks and says how long each took and what it printed."""

    name: str
    grades = False

    def __init__(self) -> None:
        self._staged: list[Path] = []
        self._said: list[str] = []

    def close(self) -> None: ...

    def stage(self, notebooks: Sequence[Path]) -> None:
        folder = work(self.name) / "submissions"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._staged = [Path(shutil.copy(nb, folder / f"{n:03}.ipynb")) for n, nb in enumerate(notebooks)]

    def run(self) -> list[float]:
        lines = [json.loads(line) for line in self._execute()]
        self._said = [str(line["text"]) for line in lines]
        return [float(line["seconds"]) for line in lines]

    def marks(self) -> list[Marks]:
        right = [RIGHT_WORD in text.split() and WRONG_WORDS not in text for text in self._said]
        return [{"executed": float(good)} for good in right]

    def _execute(self) -> list[str]:
        raise NotImplementedError


class StockNbclient(Executor):
    name = "nbclient"

    def __init__(self) -> None:
        super().__init__()
        self.what = f"{version('nbclient')} as it comes: executes, grades nothing; new kernel for each, one process"

    def prepare(self) -> None:
        self._place = environment("nbclient")
        kernel = self._place / "share/jupyter/kernels/python3/kernel.json"
        kernel.parent.mkdir(parents=True, exist_ok=True)
        argv = [str(COURSE / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
        self._env = environ(self._place, work(self.name) / "home")

    def _execute(self) -> list[str]:
        command = [self._place / "bin/python", HERE / "inside/execute_notebooks.py", *self._staged]
        return run(self.name, command, cwd=work(self.name), env=self._env).splitlines()


class BareCells(Executor):
    name = "bare"
    what = "the same cells in a plain Python, libraries imported before: the student's own computing"

    def prepare(self) -> None:
        self._env = environ(COURSE, work(self.name) / "home", MPLBACKEND="Agg")

    def _execute(self) -> list[str]:
        script = HERE / "inside/bare_cells.py"
        commands = [[COURSE / "bin/python", script, notebook] for notebook in self._staged]
        return [run(self.name, command, cwd=work(self.name), env=self._env) for command in commands]
