"""Telling an untouched answer from an attempt."""

import ast
from pathlib import Path

import pytest

from assignments.attempts import is_attempted, not_attempted_message
from assignments.bindings import bound_by, parse_cell
from assignments.gradable import load_gradable_package
from assignments.notebooks import code_cells, read_notebook

ASSIGNMENTS = Path(__file__).parents[3] / "assignments"

STARTER = [
    "import numpy as np",
    "def f(x):\n    # TODO: replace this line\n    y = 1.0\n    return y",
    "w = np.zeros(3)",
]


@pytest.mark.parametrize(
    "cell",
    [
        "def f(x):\n    # TODO: replace this line\n    y = 1.0\n    return y",
        "def f( x ):\n\n    y = 1.0   # hm\n    return (y)",
        'def f(x):\n    """I do not know."""\n    y = 1.0\n    return y',
        "print('hello')\ndef f(x):\n    y = 1.0\n    pass\n    return y\nprint(f(3))",
    ],
)
def test_layout_comments_and_docstrings_are_no_attempt(cell):
    assert not is_attempted(STARTER, [cell], ["f"])


@pytest.mark.parametrize(
    "cell",
    [
        "def f(x):\n    y = 2.0\n    return y",
        "def f(x):\n    y = 1.0\n    return y\nf = lambda x: x",
        "def f(x):\n    y = 1.0\n    return y +",
        "def f(x, z):\n    y = 1.0\n    return y",
    ],
)
def test_any_change_is_an_attempt(cell):
    assert is_attempted(STARTER, [cell], ["f"])


def test_one_changed_definition_among_untouched_ones_is_an_attempt():
    assert is_attempted(STARTER, [STARTER[1], "def f(x):\n    return x"], ["f"])


def test_variables_are_told_apart_too():
    assert not is_attempted(STARTER, ["w  =  np.zeros( 3 )"], ["w"])
    assert is_attempted(STARTER, [STARTER[2], "w[0] = 1.0"], ["w"])


def test_a_check_that_watches_several_names_is_attempted_when_one_is():
    assert not is_attempted(STARTER, STARTER, ["f", "w"])
    assert is_attempted(STARTER, [STARTER[1], "w = 3"], ["f", "w"])


def test_names_that_the_starter_or_the_student_does_not_define_are_not_judged():
    assert is_attempted(STARTER, STARTER, ["unknown"])
    assert is_attempted(STARTER, ["a = 1"], ["f"])
    assert is_attempted(STARTER, STARTER, [])


def test_a_cell_that_does_not_parse_counts_as_an_attempt():
    assert is_attempted(STARTER, ["f = (\n"], ["f"])


def test_the_sentence_names_the_answers():
    assert not_attempted_message(["f"]) == "Not attempted: `f` is still as in the starter notebook."
    assert not_attempted_message(["f", "w"]) == "Not attempted: `f`, `w` are still as in the starter notebook."


def test_a_number_too_long_to_be_written_out_is_no_obstacle():
    giant = "w = 0x" + "f" * 5_000
    assert is_attempted(STARTER, [giant], ["w"])
    assert not is_attempted([giant], [giant + "  # mine"], ["w"])


@pytest.mark.parametrize("slug", sorted(path.parent.name for path in ASSIGNMENTS.glob("*/assignment.toml")))
def test_it_is_what_comparing_the_written_out_trees_says(slug):
    package = load_gradable_package(ASSIGNMENTS / slug)
    starter = package.starter_sources
    solution = sources(package.package.solution_bytes())
    half = [mine if i % 2 else given for i, (given, mine) in enumerate(zip(starter, solution, strict=False))]
    changed = [source.replace("\n    return", "\n    pass  # here\n    return", 1) + "\n# done" for source in half]
    for name in {name for check in package.checks for name in check.watches}:
        assert is_attempted(starter, changed, [name]) == written_out(starter, changed, name), name


def sources(notebook):
    return [cell.source for cell in code_cells(read_notebook(notebook))]


def written_out(starter, student, name):
    given, written = forms(starter, name), forms(student, name)
    return not given or not written or not written <= given


def forms(cells, name):
    found = set()
    for source in cells:
        tree = parse_cell(source)
        assert tree is not None, source
        found |= {form(statement) for statement in tree.body if name in bound_by([statement])}
    return found


def form(statement):
    def remark(part):
        return isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))

    for node in ast.walk(statement):
        if isinstance(getattr(node, "body", None), list):
            node.body = [part for part in node.body if not remark(part)]
    return ast.dump(statement)
