"""otter-grader: a zip of tests made by `otter generate`, one `otter run` for each notebook. No PDF is made."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

from benchmarks.peers.contender import Marks, PeerError
from benchmarks.peers.equivalent_tests import body
from benchmarks.peers.notebooks import FUNCTIONS, POINTS
from benchmarks.peers.places import environment, version, work
from benchmarks.peers.running import environ, run

TEST_FILE = """\
from otter.test_files import test_case

OK_FORMAT = False

name = "{function}"
points = {points}


@test_case(hidden=True)
def test_{function}({function}):
{body}
"""


class Otter:
    name = "otter"
    grades = True

    def __init__(self) -> None:
        self.what = f"{version('otter')}, one `otter run` a notebook, no PDF"
        self._folder = work("otter")
        self._staged: list[Path] = []

    def prepare(self) -> None:
        self._place = environment("otter")
        self._env = environ(self._place, self._folder / "home")
        tests = self._folder / "tests"
        shutil.rmtree(tests, ignore_errors=True)
        tests.mkdir()
        for function in FUNCTIONS:
            text = TEST_FILE.format(function=function, points=POINTS[function], body=indent(body(function), "    "))
            (tests / f"{function}.py").write_text(text)
        config = self._folder / "otter_config.json"
        config.write_text(json.dumps({"pdf": False, "show_hidden": True, "lang": "python"}))
        self._zip = self._folder / "autograder.zip"
        self._zip.unlink(missing_ok=True)
        command: list[str | Path] = ["generate", "-t", tests, "-c", config, "-o", self._zip]
        command += ["--no-environment", "--no-requirements"]
        run(self.name, [self._place / "bin/otter", *command], cwd=self._folder, env=self._env)

    def close(self) -> None: ...

    def stage(self, notebooks: Sequence[Path]) -> None:
        submissions = self._folder / "submissions"
        shutil.rmtree(submissions, ignore_errors=True)
        self._staged = []
        for number, notebook in enumerate(notebooks):
            folder = submissions / f"{number:03}"
            folder.mkdir(parents=True)
            self._staged.append(Path(shutil.copy(notebook, folder / "hyperspheres.ipynb")))

    def run(self) -> list[float]:
        seconds = []
        for notebook in self._staged:
            began = time.perf_counter()
            command: list[str | Path] = ["run", "-a", self._zip, "-o", notebook.parent, "--no-logo", notebook]
            run(self.name, [self._place / "bin/otter", *command], cwd=notebook.parent, env=self._env)
            seconds.append(time.perf_counter() - began)
        return seconds

    def marks(self) -> list[Marks]:
        return [self._read(notebook.parent / "results.json") for notebook in self._staged]

    def _read(self, results: Path) -> Marks:
        if not results.exists():
            raise PeerError(f"otter: no {results.name} was written for {results.parent.name}")
        marks: dict[str, float] = {}
        for test in json.loads(results.read_text())["tests"]:
            for function in FUNCTIONS:
                if test["name"].startswith(function) and "max_score" in test:
                    marks[function] = test["score"] / test["max_score"]
        return marks
