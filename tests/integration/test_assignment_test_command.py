"""`grader assignment new`, `test` and `try` with the real pipeline and sandbox: what is caught, and what survives."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from assignments.cases import load_cases
from assignments.linting import lint
from assignments.loading import load_package
from assignments.mutation.making import mutants_of
from assignments.notebooks import read_notebook
from grader.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRADER_ASSIGNMENTS_DIR", str(tmp_path / "assignments"))
    (tmp_path / "assignments").mkdir()
    return tmp_path / "assignments"


def facts(out: str) -> dict[str, object]:
    found = json.loads(out.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_a_sample_of_the_mutants_of_an_assignment_is_caught(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "assignments" / "loss-3-multiclass", root / "loss-3-multiclass")
    for case in load_cases(load_package(root / "loss-3-multiclass")):
        if case.name not in {"solution", "starter"}:
            shutil.rmtree(root / "loss-3-multiclass" / "cases" / case.name)  # test_cases.py grades them
    assert run(["assignment", "test", "loss-3-multiclass", "--mutants", "5", "--json"]) == 0
    found = facts(capsys.readouterr().out)
    mutants = found["mutants"]
    assert isinstance(mutants, dict)
    assert found["wrong"] == []
    assert mutants["tried"] == 5
    assert mutants["caught"] + mutants["raised"] == 5


def test_a_new_package_passes_its_own_test(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assignment", "new", "one", "--title", "One"]) == 0
    assert run(["assignment", "test", "one", "--mutants", "4", "--json"]) == 0
    found = facts(capsys.readouterr().out)
    assert (found["wrong"], found["cases"]) == ([], 7)


def test_what_hangs_on_the_draw_is_told_with_a_seed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assignment", "new", "one", "--title", "One"]) == 0
    chosen = ["assignment", "test", "one", "--case", "root-missing", "--draws", "3", "--json"]
    assert run(chosen) == 0
    path = root / "one" / "checks.py"
    # The first of three draws passes, whatever it is given.
    lucky = "    if ask.rng.integers(1) == 0 and not LUCK:\n        LUCK.append(1)\n        return RIGHT\n"
    text = path.read_text()
    begins = re.search(r"def (\w+)\(ask: Ask\) -> Outcome:\n", text)
    assert begins
    text = text[: begins.end()] + lucky + text[begins.end() :]
    names = 'from assignments.vocabulary import Conclusion\n\nLUCK = []\nRIGHT = Outcome(Conclusion.PASSED, 1.0, "")\n'
    path.write_text(f"{text}\n\n{names}")
    capsys.readouterr()
    assert run(chosen) == 1
    wrong = facts(capsys.readouterr().out)["wrong"]
    assert isinstance(wrong, list)
    assert all("in 1 of 3 draws (--seed " in sentence for sentence in wrong)
    assert any("verdict passed, expected failed" in sentence for sentence in wrong)


def test_a_weak_check_lets_a_mutant_survive_until_it_is_declared(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["assignment", "new", "one", "--title", "One"])
    path = root / "one" / "checks.py"
    # Arrays of one number: of these the sum is the mean.
    weak = path.read_text().replace("size=n),", "size=1),")
    assert weak != path.read_text()
    path.write_text(weak)
    solution = root / "one" / "solution.ipynb"
    # The variable no longer depends on the function.
    solution.write_text(solution.read_text().replace("root_mean_square(data)", "(16.5 / 5) ** 0.5"))
    capsys.readouterr()
    arguments = ["assignment", "test", "one", "--json", "--no-cache"]
    package = load_package(root / "one")
    solved, starter = (read_notebook(data).cells for data in (package.solution_bytes(), package.starter_bytes()))
    mutants = mutants_of(solved, starter, frozenset({"root_mean_square", "rms_of_data"}))
    name = next(mutant.id for mutant in mutants if mutant.operator == "mean-sum")
    assert run([*arguments, "--mutant", name]) == 1
    found = facts(capsys.readouterr().out)["mutants"]
    assert isinstance(found, dict)
    assert "np.sum(x**2)" in found["survived"][0]["diff"]
    assert found["survived"][0]["checks"] == ["root_mean_square"]
    assert run([*arguments, "--mutant", name, "--minutes", "0.00001"]) == 0
    out_of_time = facts(capsys.readouterr().out)["mutants"]
    assert isinstance(out_of_time, dict)
    assert (out_of_time["tried"], out_of_time["made"]) == (0, found["made"])
    declared = f'[[equivalent]]\nids = ["{name}"]\nreason = "of one number the sum is the mean"\n'
    (root / "one" / "mutants.toml").write_text(declared)
    capsys.readouterr()
    assert run([*arguments, "--mutant", name]) == 0


def test_a_declared_mutant_that_is_gone_fails_the_test(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["assignment", "new", "one", "--title", "One"])
    (root / "one" / "mutants.toml").write_text('[[equivalent]]\nids = ["gone"]\nreason = "was equal once"\n')
    assert run(["assignment", "test", "one", "--mutant", "none", "--json"]) == 1
    assert "no mutant 'gone' any more" in capsys.readouterr().out


def test_a_solved_notebook_becomes_a_package(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [
        "import numpy as np",
        "def halved(x):\n    return x / 2",
        "def spread(x):\n    return np.max(x) - np.min(x)",
    ]
    written = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
    ]
    notebook = tmp_path / "solved.ipynb"
    notebook.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    assert run(["assignment", "new", "two", "--title", "Two", "--from-solution", str(notebook)]) == 0
    package = load_package(root / "two")
    assert [(check.key, check.points) for check in package.metadata.checks] == [("halved", 50), ("spread", 50)]
    assert "np.max(x) - np.min(x)" not in (root / "two" / "starter.ipynb").read_text()
    assert lint(root / "two") == []
    scores = {case.name: case.expected.score for case in load_cases(package)}
    assert (scores["solution"], scores["starter"], scores["right-in-another-way"]) == (100, 0, 100)
    assert scores["partly-right"] == 50
    assert max(scores["sign-wrong"], scores["twice-too-large"], scores["hostile"]) == 0


def test_a_notebook_that_was_tried_can_be_kept_as_a_case(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["assignment", "new", "one", "--title", "One"])
    notebook = str(root / "one" / "cases" / "root-missing" / "notebook.ipynb")
    capsys.readouterr()
    assert run(["assignment", "try", "one", notebook, "--save-case", "again", "--description", "Once more."]) == 0
    said = capsys.readouterr().out
    assert "0 of 100 points" in said
    assert re.search(r"trial 1 of 4", said)  # what only staff see
    kept = {case.name: case for case in load_cases(load_package(root / "one"))}
    assert kept["again"].expected == kept["root-missing"].expected
    assert run(["assignment", "try", "one", notebook, "--save-case", "again"]) == 2
