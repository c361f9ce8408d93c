"""What every assignment package of the repository must hold."""

import ast
import json

import pytest

from assignments.bindings import bound_names
from assignments.notebooks import code_cells, read_notebook
from tests.support.packages import ASSIGNMENTS, SLUGS, checked

NOTEBOOKS = [
    pytest.param(path, id=str(path.relative_to(ASSIGNMENTS)))
    for slug in SLUGS
    for path in sorted((ASSIGNMENTS / slug).rglob("*.ipynb"))
]


def sources(path):
    return [cell.source for cell in code_cells(read_notebook(path.read_bytes()))]


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_notebooks_are_kept_in_format_4_5_with_ids_and_without_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("slug", SLUGS)
def test_starter_and_solution_define_every_watched_name(slug):
    for name in ("starter.ipynb", "solution.ipynb"):
        bound = frozenset().union(*(bound_names(source) for source in sources(ASSIGNMENTS / slug / name)))
        for check in checked(slug).metadata.checks:
            assert set(check.watches) <= bound, (name, check.key)


@pytest.mark.parametrize("slug", SLUGS)
def test_starter_and_solution_parse_as_plain_python_or_magics(slug):
    for name in ("starter.ipynb", "solution.ipynb"):
        for source in sources(ASSIGNMENTS / slug / name):
            if not source.lstrip().startswith(("%", "!")):
                ast.parse(source)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_starter_says_what_every_check_is_worth(slug):
    text = (ASSIGNMENTS / slug / "starter.ipynb").read_text(encoding="utf-8")
    for check in checked(slug).metadata.checks:
        if check.kind == "function":
            assert f"`{check.key}" in text or any(f"`{name}" in text for name in check.watches)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_check_is_told_by_its_title_and_worth_something(slug):
    metadata = checked(slug).metadata
    assert metadata.max_score > 0
    assert len({check.title for check in metadata.checks}) == len(metadata.checks)
