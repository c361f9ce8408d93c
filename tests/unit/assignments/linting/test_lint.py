"""What the linter says of packages that are wrong or unwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assignments.linting import Remark, lint
from tests.support.packages import ASSIGNMENTS, SLUGS

SOURCE = ASSIGNMENTS / "loss-3-multiclass"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "an-assignment"))


def replace(path: Path, old: str, new: str, times: int = 1) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, times))


def the_only(remarks: list[Remark], rule: str) -> Remark:
    found = [remark for remark in remarks if remark.rule == rule]
    assert len(found) == 1, remarks
    return found[0]


def with_cell(path: Path, kind: str, source: str) -> None:
    notebook = json.loads(path.read_text())
    cell = {"cell_type": kind, "metadata": {}, "source": source, "id": "added"}
    notebook["cells"].append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
    path.write_text(json.dumps(notebook))


@pytest.mark.parametrize("slug", SLUGS)
def test_no_assignment_of_the_course_has_an_error(slug: str) -> None:
    assert [remark for remark in lint(ASSIGNMENTS / slug) if remark.severity == "error"] == []


def test_all_mistakes_of_a_file_are_listed_with_line_and_key_and_what_was_meant(folder: Path) -> None:
    path = folder / "assignment.toml"
    replace(path, "summary =", "sumary =")
    replace(path, "points = 45", "points = -45")
    replace(path, 'kind = "function"', 'kind = "functoin"')
    remarks = lint(folder)
    assert {(r.key, r.rule, r.severity) for r in remarks} == {
        ("summary", "toml", "error"),
        ("sumary", "toml", "error"),
        ("checks[0].points", "toml", "error"),
        ("checks[0].kind", "toml", "error"),
    }
    lines = path.read_text().splitlines()
    for remark in remarks:
        if remark.key != "summary":
            assert remark.line is not None
            assert lines[remark.line - 1].startswith(remark.key.rpartition(".")[2])
    advice = {r.key: r.advice for r in remarks}
    assert advice["sumary"] == "did you mean 'summary'?"
    assert advice["checks[0].kind"] == "did you mean 'function'?"


Edit = Callable[[Path], None]


def _points(folder: Path) -> None:
    replace(folder / "assignment.toml", "points = 45", "points = 44")


def _hint(folder: Path) -> None:
    path = folder / "assignment.toml"
    lines = path.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("hint"))
    path.write_text("\n".join(lines[:first] + lines[first + 1 :]))


def _limits(folder: Path) -> None:
    replace(folder / "assignment.toml", "wall_s = 120.0", "wall_s = 20.0")


def _data(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "nobody_reads.npy").write_bytes(b"1")


def _hostile(folder: Path) -> None:
    shutil.rmtree(folder / "cases" / "hostile")


def _few(folder: Path) -> None:
    for case in sorted((folder / "cases").iterdir())[:4]:
        shutil.rmtree(case)


def _leak_in_a_comment(folder: Path) -> None:
    solution = json.loads((folder / "solution.ipynb").read_text())
    source = next("".join(c["source"]) for c in solution["cells"] if "def compute_likelihood" in "".join(c["source"]))
    row = next(line.strip() for line in source.splitlines() if "=" in line and "def" not in line)
    with_cell(folder / "starter.ipynb", "code", f"# {row}\npass")


def _network(folder: Path) -> None:
    with_cell(folder / "starter.ipynb", "code", "import urllib.request\nprint('Right answer', 1)")


def _randomness(folder: Path) -> None:
    replace(folder / "checks.py", "\n\n\n", "\n\nRNG = np.random.default_rng(3)\n\n")


def _long(folder: Path) -> None:
    path = folder / "checks.py"
    path.write_text(path.read_text() + "\n# a line\n" * 300)


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (_points, "points-sum"),
        (_hint, "no-hint"),
        (_data, "unused-data"),
        (_hostile, "no-hostile-case"),
        (_few, "few-cases"),
        (_leak_in_a_comment, "starter-leaks"),
        (_network, "needs-network"),
        (_randomness, "own-randomness"),
        (_long, "long-checks"),
    ],
)
def test_what_is_legal_but_unwise_is_a_warning_with_advice(folder: Path, edit: Edit, rule: str) -> None:
    assert not [remark for remark in lint(folder) if remark.rule == rule]
    edit(folder)
    found = [remark for remark in lint(folder) if remark.rule == rule]
    assert found
    assert all(remark.severity == "warning" and remark.advice for remark in found)


def test_a_cell_that_may_take_longer_than_the_run_is_unwise(folder: Path) -> None:
    _limits(folder)
    remark = the_only(lint(folder), "limits")
    assert remark.key == "limits.cell_s"
    assert "cell_s" in (folder / "assignment.toml").read_text().splitlines()[(remark.line or 0) - 1]


def test_a_check_without_a_function_and_a_function_without_a_check_find_each_other(folder: Path) -> None:
    replace(folder / "checks.py", '@check("compute_likelihood")', '@check("compute_likelyhood")')
    remarks = [remark for remark in lint(folder) if remark.rule == "checks"]
    assert {remark.advice for remark in remarks} == {
        "did you mean 'compute_likelihood'?",
        "did you mean 'compute_likelyhood'?",
    }
    assert {remark.line is None for remark in remarks} == {True, False}


def test_a_mistyped_import_gets_the_name_that_was_meant(folder: Path) -> None:
    path = folder / "checks.py"
    path.write_text(path.read_text() + "from assignments.vocabulary import judge_functoin\n")
    last = path.read_text().count("\n")
    remark = next(remark for remark in lint(folder) if remark.rule == "import")
    assert (remark.line, remark.key, remark.advice) == (last, "judge_functoin", "did you mean 'judge_function'?")


def test_a_solution_must_define_what_is_watched(folder: Path) -> None:
    replace(folder / "assignment.toml", 'key = "compute_likelihood"', 'key = "compute_likelihod"')
    remark = the_only(lint(folder), "solution-without-name")
    assert "did you mean 'compute_likelihood'?" in remark.text


def test_a_starter_that_is_the_solution_leaves_nothing_to_do(folder: Path) -> None:
    shutil.copy(folder / "solution.ipynb", folder / "starter.ipynb")
    assert {remark.key for remark in lint(folder) if remark.rule == "nothing-to-do"} == {
        "compute_likelihood",
        "compute_negative_log_likelihood",
    }


def test_cases_that_contradict_themselves_are_errors(folder: Path) -> None:
    path = folder / "cases" / "solution" / "case.toml"
    replace(path, "score = 100", "score = 90")
    assert "add up to 100" in the_only(lint(folder), "case").text


def test_a_declared_mutant_that_is_gone_is_an_error(folder: Path) -> None:
    (folder / "mutants.toml").write_text('[[equivalent]]\nids = ["f:sign:00000000"]\nreason = "it was once equal"\n')
    remark = the_only(lint(folder), "mutants")
    assert (remark.severity, remark.line) == ("error", 2)


def test_broken_python_and_broken_notebooks_are_named(folder: Path) -> None:
    (folder / "checks.py").write_text("def f(:\n")
    assert the_only(lint(folder), "checks").line == 1
    (folder / "starter.ipynb").write_text("{")
    assert the_only(lint(folder), "notebook").path.name == "starter.ipynb"
