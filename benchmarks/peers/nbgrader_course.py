"""nbgrader: a course folder, an assignment with hidden tests, `nbgrader autograde` over all submissions at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.contender import Marks, PeerError
from benchmarks.peers.equivalent_tests import body
from benchmarks.peers.notebooks import FUNCTIONS, HYPERSPHERES, POINTS, Notebook, defining_cell, read, source, write
from benchmarks.peers.places import HERE, ROOT, environment, version, work
from benchmarks.peers.running import environ, run

ASSIGNMENT = "coursework-4"
NOTEBOOK = "hyperspheres"
CELL_LIMIT_S = 300

CONFIG = f"""\
c = get_config()
c.CourseDirectory.course_id = "comparison"
c.Execute.timeout = {CELL_LIMIT_S}
"""


class Nbgrader:
    name = "nbgrader"
    grades = True

    def __init__(self) -> None:
        self.what = f"{version('nbgrader')}, one `nbgrader autograde` for the whole batch"
        self._course = work("nbgrader") / "course"
        self._students: list[str] = []

    def prepare(self) -> None:
        self._place = environment("nbgrader")
        self._env = environ(self._place, work("nbgrader") / "home")
        shutil.rmtree(self._course, ignore_errors=True)
        self._course.mkdir()
        (self._course / "nbgrader_config.py").write_text(CONFIG)
        write(self._course / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", source_notebook())
        self._nbgrader("generate_assignment", ASSIGNMENT, "--create")
        shutil.copy(self._course / "gradebook.db", self._course / "gradebook.new")
        self._released = read(self._course / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb")

    def close(self) -> None: ...

    def stage(self, notebooks: Sequence[Path]) -> None:
        for old in ("submitted", "autograded"):
            shutil.rmtree(self._course / old, ignore_errors=True)
        shutil.copy(self._course / "gradebook.new", self._course / "gradebook.db")
        self._students = [f"student{n:03}" for n in range(len(notebooks))]
        for student, notebook in zip(self._students, notebooks, strict=True):
            handed_in = filled_in(self._released, read(notebook))
            write(self._course / "submitted" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb", handed_in)

    def run(self) -> None:
        self._nbgrader("autograde", ASSIGNMENT)

    def marks(self) -> list[Marks]:
        script = HERE / "inside" / "read_gradebook.py"
        database = f"sqlite:///{self._course / 'gradebook.db'}"
        out = run(
            self.name,
            [self._place / "bin/python", script, database, ASSIGNMENT],
            cwd=self._course,
            env=self._env,
        )
        by_student: dict[str, dict[str, float]] = json.loads(out)
        if sorted(by_student) != self._students:
            raise PeerError(f"nbgrader: the gradebook has marks of {sorted(by_student)}, not of {self._students}")
        return [by_student[student] for student in self._students]

    def _nbgrader(self, *arguments: str) -> None:
        run(self.name, [self._place / "bin/nbgrader", *arguments], cwd=self._course, env=self._env)


def source_notebook() -> Notebook:
    """The instructor's version: solution cells, and after each a locked cell with hidden tests."""
    notebook = read(ROOT / "assignments" / HYPERSPHERES / "solution.ipynb")
    answers = {defining_cell(notebook, function)["id"]: function for function in FUNCTIONS}
    cells: list[dict[str, Any]] = []
    for cell in notebook["cells"]:
        cells.append(cell)
        function = answers.get(cell["id"])
        if function is None:
            continue
        cell["metadata"]["nbgrader"] = _settings(function, grade=False)
        tests = f"### BEGIN HIDDEN TESTS\n{body(function)}\n### END HIDDEN TESTS"
        cells.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"{cell['id']}-tests",
                "metadata": {"nbgrader": _settings(f"test-{function}", grade=True, points=POINTS[function])},
                "outputs": [],
                "source": tests,
            }
        )
    return {**notebook, "cells": cells}


def filled_in(released: Notebook, answered: Notebook) -> Notebook:
    """The released notebook with the student's cells in it."""
    sources = {cell["id"]: source(cell) for cell in answered["cells"]}
    handed_in: Notebook = json.loads(json.dumps(released))
    for cell in handed_in["cells"]:
        if cell["id"] in sources:
            cell["source"] = sources[cell["id"]]
    return handed_in


def _settings(grade_id: str, *, grade: bool, points: int = 0) -> dict[str, Any]:
    settings = {
        "cell_type": "code",
        "grade": grade,
        "grade_id": grade_id,
        "locked": grade,
        "schema_version": 3,
        "solution": not grade,
        "task": False,
    }
    return {**settings, "points": points} if grade else settings
