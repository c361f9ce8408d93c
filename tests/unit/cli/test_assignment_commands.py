"""`grader assignment new`, `lint` and `preview`: what they write and say, without running a notebook."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assignments.cases import load_cases
from assignments.drafting.cells import MarkerError, cells_of_text, solution_of, starter_of
from assignments.drafting.from_solution import Draft, Shape
from assignments.drafting.functions import DraftError, emptied, functions_of
from assignments.linting import lint
from assignments.loading import load_package
from assignments.task_html import Room, text_html
from grader.cli.main import run


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADER_ASSIGNMENTS_DIR", str(tmp_path))
    return tmp_path


def test_a_new_package_has_everything_and_nothing_to_remark(root: Path) -> None:
    assert run(["assignment", "new", "a-first-one", "--title", 'The "first" one: \\ and all']) == 0
    package = load_package(root / "a-first-one")
    assert package.metadata.title == 'The "first" one: \\ and all'
    assert package.metadata.max_score == 100
    assert {case.name for case in load_cases(package)} >= {"solution", "starter", "hostile", "partly-right"}
    assert lint(root / "a-first-one") == []


def test_new_never_overwrites(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "a-first-one").mkdir()
    assert run(["assignment", "new", "a-first-one", "--title", "x"]) == 1
    assert "is there already; nothing was written" in capsys.readouterr().err
    assert list((root / "a-first-one").iterdir()) == []


@pytest.mark.parametrize("slug", ["../up", "Upper", "two--hyphens", "with space"])
def test_names_that_no_package_can_have_are_refused(root: Path, slug: str) -> None:
    assert run(["assignment", "new", slug, "--title", "x"]) == 1
    assert list(root.iterdir()) == []


def test_lint_ends_with_one_for_errors_and_says_where(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["assignment", "new", "one", "--title", "x"])
    path = root / "one" / "assignment.toml"
    path.write_text(path.read_text().replace("points = 70", "pionts = 70"))
    capsys.readouterr()
    assert run(["assignment", "lint", "one"]) == 1
    said = capsys.readouterr().out
    assert re.search(
        r"assignment\.toml:\d+: error: checks\[0\]\.pionts: there is no such key \(did you mean 'points'", said
    )
    assert run(["assignment", "lint", "one", "--json"]) == 1
    facts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {fact["severity"] for fact in facts} == {"error"}
    assert all(fact["slug"] == "one" for fact in facts)


def test_lint_ends_with_zero_for_warnings_unless_it_is_strict(root: Path) -> None:
    run(["assignment", "new", "one", "--title", "x"])
    path = root / "one" / "assignment.toml"
    path.write_text(path.read_text().replace("points = 70", "points = 71"))
    assert run(["assignment", "lint", "one"]) == 0
    assert run(["assignment", "lint", "one", "--strict"]) == 1


def test_the_preview_is_one_page_that_needs_nothing_else(root: Path) -> None:
    run(["assignment", "new", "one", "--title", "One & <b>"])
    assert run(["assignment", "preview", "one", "--no-result", "--out", str(root / "page.html")]) == 0
    page = (root / "page.html").read_text()
    assert "<h1>One &amp; &lt;b&gt;</h1>" in page
    assert "<math" in page
    assert "$" not in page
    assert "Called with new arrays of several lengths." in page
    assert not re.search(r"<script|(src|href)\s*=", page)
    assert "np.sqrt(np.mean" not in page


def test_texts_of_a_task_can_hold_no_foreign_html() -> None:
    shown = text_html("[x](javascript:b()) and <img src=x onerror=c()>\n\n<script>a()</script>")
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript:' not in shown


def test_a_formula_that_cannot_be_read_is_shown_as_it_is_written() -> None:
    assert "<code>x^</code>" in text_html("$x^$")


def test_text_in_a_formula_stays_text() -> None:
    shown = text_html(r"$\text{<script>a()</script>} a<b \alpha$")
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "<mi>α</mi>" in shown


@pytest.mark.parametrize("formula", [r"\newcommand{\a}{\a\a}\a", r"\def\a{\a\a}\a", "x" * 3000])
def test_a_formula_that_could_take_long_is_shown_as_it_is_written(formula: str) -> None:
    assert f"<code>{formula}</code>" in text_html(f"${formula}$")


def test_a_page_turns_only_so_many_characters_of_formulas_into_mathml() -> None:
    shown = text_html("$y$ $x$ $z$", room=Room(left=2))
    assert shown.count("<math") == 2
    assert "<code>z</code>" in shown


MARKED = """# %% [markdown]
A text.
# %%
def f(x):
    # STARTER: return 0
    # BEGIN SOLUTION
    return x + 1
    # END SOLUTION
"""


def test_markers_divide_a_notebook_into_starter_and_solution() -> None:
    cells = cells_of_text(MARKED)
    assert starter_of(cells)[1] == ("code", "def f(x):\n    return 0")
    assert solution_of(cells)[1] == ("code", "def f(x):\n    return x + 1")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("# BEGIN SOLUTION\nx = 1", "cell 1: BEGIN SOLUTION without END"),
        ("# END SOLUTION", "cell 1, line 1: END SOLUTION without BEGIN"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION", "cell 1, line 2: BEGIN SOLUTION inside"),
    ],
)
def test_markers_that_do_not_belong_together_are_named(source: str, words: str) -> None:
    with pytest.raises(MarkerError, match=words):
        solution_of([("code", source)])


def test_a_function_brings_what_it_needs_and_nothing_else() -> None:
    cells = [
        ("code", "import numpy as np\nimport matplotlib.pyplot as plt\nscale = 3.0\nother = 4.0"),
        ("code", "def helper(x):\n    return scale * np.sum(x)\n\ndef f(x, y=1):\n    return helper(x)"),
    ]
    (function,) = functions_of(cells, ["f"])
    assert function.parameters == ("x",)
    assert "scale = 3.0" in function.source
    assert "plt" not in function.source
    assert "other" not in function.source


@pytest.mark.parametrize(
    ("source", "wanted", "words"),
    [
        ("x = 1", [], "defines no function"),
        ("def f(x):\n    return x", ["g"], "no function 'g'; it defines f"),
        ("import torch\ndef f(x):\n    return torch.sum(x)", [], "needs torch"),
        ("def f(*x):\n    return x", [], "plain arguments"),
        ("def f(a, b, c, d, e):\n    return a", [], "takes 5 arguments"),
    ],
)
def test_what_cannot_be_drafted_says_why(source: str, wanted: list[str], words: str) -> None:
    with pytest.raises(DraftError, match=words):
        functions_of([("code", source)], wanted)


def test_bodies_are_taken_out_and_docstrings_stay() -> None:
    source = 'k = 2\ndef f(x):\n    """Twice."""\n    y = x\n    return k * y\nprint(f(1))'
    assert emptied(source, ["f"]) == (
        'k = 2\ndef f(x):\n    """Twice."""\n    # TODO: write this function.\n    return 0\nprint(f(1))'
    )


@pytest.mark.parametrize(
    ("notebook", "value", "times"),
    [
        (["def f(x):\n    return x + 1"], "[2.0]", 1),
        (["def f(x):\n    return x + 1", "# Self-check\nprint(f(1) == 2)"], "[2.0]", 1),
        (["def f(x):\n    return x - x"], "", 0),
    ],
)
def test_a_draft_has_one_self_check_for_each_function(notebook: list[str], value: str, times: int) -> None:
    draft = Draft("one", "One", [("code", source) for source in notebook], [])
    files = draft.package({"f": Shape("v", "np.array([1.0])", value)})
    assert files["starter.ipynb"].count("Self-check") == times
    assert "x + 1" not in files["starter.ipynb"]
    compile(files["checks.py"], "checks.py", "exec")
