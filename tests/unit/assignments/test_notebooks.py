"""Reading uploaded notebooks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.notebooks import NotebookLimits, NotebookRejected, code_cells, read_notebook
from tests.support.packages import ASSIGNMENTS, SLUGS

STARTER = (ASSIGNMENTS / "loss-1-regression" / "starter.ipynb").read_bytes()


def code(source, **fields):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **fields}


def notebook(*cells, minor=5, **fields):
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": list(cells), **fields}


def encode(data):
    return json.dumps(data).encode()


def rejection(data, limits=None):
    with pytest.raises(NotebookRejected) as caught:
        read_notebook(data if isinstance(data, bytes) else encode(data), limits)
    assert caught.value.reason.endswith((".", "it."))
    return caught.value


@pytest.mark.parametrize("slug", SLUGS)
def test_our_own_notebooks_are_read(slug):
    for name in ("starter.ipynb", "solution.ipynb"):
        read = read_notebook((ASSIGNMENTS / slug / name).read_bytes())
        assert code_cells(read)


def test_a_source_may_be_one_string_or_a_list_of_lines():
    read = read_notebook(encode(notebook(code("a = 1\nb = 2"), code(["c = 3\n", "d = 4"]))))
    assert [cell.source for cell in code_cells(read)] == ["a = 1\nb = 2", "c = 3\nd = 4"]


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 9, None, "x"])
def test_every_minor_version_of_format_4_is_read_as_4_5(minor):
    read = read_notebook(encode(notebook(code("a = 1"), minor=minor)))
    assert (read.nbformat, read.nbformat_minor) == (4, 5)


def test_format_3_is_upgraded():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["A\n", "title"]},
                    {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "language": "python", "outputs": []},
                    {"cell_type": "html", "source": "<b>text</b>"},
                ]
            },
            {"cells": [{"cell_type": "code", "input": "c = 3", "language": "python"}]},
        ],
    }
    read = read_notebook(encode(old))
    assert [(cell.cell_type, cell.source) for cell in read.cells] == [
        ("markdown", "## A title"),
        ("code", "a = 1\nb = 2"),
        ("markdown", "<b>text</b>"),
        ("code", "c = 3"),
    ]


def test_missing_invalid_and_repeated_ids_are_replaced():
    cells = [
        code("a = 1", id="same"),
        code("b = 2", id="same"),
        code("c = 3"),
        code("d = 4", id="not valid!"),
        code("e = 5", id=7),
        code("f = 6", id="cell-2"),
    ]
    ids = [cell.id for cell in read_notebook(encode(notebook(*cells))).cells]
    assert ids[0] == "same"
    assert len(set(ids)) == len(ids)


def test_ids_are_the_same_at_every_reading():
    data = encode(notebook(code("a = 1"), code("b = 2", id="b"), code("c = 3", id="b")))
    assert [c.id for c in read_notebook(data).cells] == [c.id for c in read_notebook(data).cells]


def test_outputs_are_left_behind():
    stored = code("a = 1", outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 100}], execution_count=7)
    cell = read_notebook(encode(notebook(stored))).cells[0]
    assert (cell.outputs, cell.execution_count) == ([], None)


def test_a_byte_order_mark_is_no_obstacle():
    assert code_cells(read_notebook(b"\xef\xbb\xbf" + STARTER))


def test_half_of_a_surrogate_pair_becomes_a_replacement_character():
    read = read_notebook(encode(notebook(code("a = 1  # \ud800", metadata={"\udfff": "\ud800"}))))
    read.cells[0].source.encode()
    json.dumps(read, ensure_ascii=False).encode()


@pytest.mark.parametrize("data", [b"", b"  \n\t "])
def test_an_empty_file_is_refused(data):
    assert rejection(data).code == "empty"


def test_a_file_that_is_too_large_is_refused_with_its_size():
    refused = rejection(STARTER, NotebookLimits(bytes_most=1024))
    assert refused.code == "too-large"
    assert "Clear the outputs" in refused.reason


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04abc", "ZIP"),
        (b"%PDF-1.4", "PDF"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"import numpy as np\n", "not JSON"),
        (b'{"cells": [\n{"cell_type": ', "line 2"),
        (b'{"cells": 1e5, "n": ' + b"9" * 10_000 + b"}", "too long"),
    ],
)
def test_what_is_not_json_is_refused_with_what_it_seems_to_be(data, says):
    refused = rejection(data)
    assert refused.code == "not-json"
    assert says in refused.reason


def test_bytes_that_are_no_text_are_refused():
    assert rejection(b'{"cells": "\xff\xfe"}').code == "not-text"


@pytest.mark.parametrize(
    "data",
    [
        [],
        "text",
        {},
        {"nbformat": "4", "cells": []},
        {"nbformat": True, "cells": []},
        notebook(code(5)),
        notebook(code(["a", 5])),
        notebook("a cell"),
        notebook({"cell_type": "diagram", "source": "x"}),
        notebook({"cell_type": ["code"], "source": "x"}),
        {"nbformat": 4, "metadata": {}, "cells": {}},
        {"nbformat": 4, "metadata": {}},
        {"nbformat": 3, "metadata": {}, "worksheets": [5]},
        {"nbformat": 3, "metadata": {}, "cells": []},
    ],
)
def test_json_that_is_no_notebook_is_refused(data):
    assert rejection(data).code == "not-a-notebook"


@pytest.mark.parametrize(
    ("version", "code_"), [(1, "old-format"), (2, "old-format"), (5, "new-format"), (10**50, "new-format")]
)
def test_versions_that_are_not_read_are_refused(version, code_):
    assert rejection({"nbformat": version, "cells": []}).code == code_


def test_nesting_10000_deep_is_refused():
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = opening * 10_000 + "1" + closing * 10_000
        data = f'{{"nbformat": 4, "metadata": {{"deep": {deep}}}, "cells": []}}'.encode()
        assert rejection(data).code == "too-deep"


def test_nesting_that_json_still_reads_is_refused_too():
    deep = "[" * 400 + "]" * 400
    data = f'{{"nbformat": 4, "metadata": {{"deep": {deep}}}, "cells": []}}'.encode()
    assert rejection(data).code == "too-deep"


def test_20000_cells_are_refused():
    refused = rejection(notebook(*[code("a = 1")] * 20_000))
    assert refused.code == "too-many-cells"
    assert "20,000" in refused.reason


def test_millions_of_empty_lists_are_refused_before_they_are_built():
    assert rejection(b"[" + b"[]," * 2_000_000 + b"[]]").code == "too-large"


@pytest.mark.parametrize(
    "metadata",
    [
        {"language_info": {"name": "R"}},
        {"kernelspec": {"language": "julia", "name": "julia-1.9"}},
        {"kernelspec": {"name": "ir", "display_name": "R"}},
    ],
)
def test_other_languages_are_refused(metadata):
    assert rejection({**notebook(code("1")), "metadata": metadata}).code == "not-python"


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"kernelspec": {"name": "python3"}},
        {"kernelspec": {"name": "conda-env-dl-py"}},
        {"language_info": {"name": "python"}, "kernelspec": {"language": "python"}},
        {"language_info": {"name": "ipython"}},
        {"kernelspec": [], "language_info": 5},
        {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}},
    ],
)
def test_python_by_whatever_name_is_read(metadata):
    assert read_notebook(encode({**notebook(code("a = 1")), "metadata": metadata})).cells


@pytest.mark.parametrize("cells", [[], [{"cell_type": "markdown", "source": "text"}], [code("  \n")]])
def test_a_notebook_without_code_is_refused(cells):
    assert rejection(notebook(*cells)).code == "no-code"


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "metadata", "nbformat", "input", "worksheets", "id", "x"]),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=15,
)
CELLS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "cell_type": st.one_of(st.sampled_from(["code", "markdown", "raw", "heading"]), JSON),
            "source": st.one_of(st.text(max_size=20), JSON),
            "metadata": JSON,
            "id": JSON,
            "level": JSON,
            "language": JSON,
            "outputs": JSON,
        },
    ),
    max_size=6,
)
NOTEBOOKS = st.fixed_dictionaries(
    {"nbformat": st.one_of(st.sampled_from([3, 4]), JSON), "metadata": JSON, "cells": CELLS},
    optional={"worksheets": st.lists(st.fixed_dictionaries({"cells": CELLS}), max_size=2), "nbformat_minor": JSON},
)


def survives(data):
    try:
        read = read_notebook(data)
    except NotebookRejected:
        return  # with a sentence, as the tests above show
    assert len({cell.id for cell in read.cells}) == len(read.cells)
    json.dumps(read, ensure_ascii=False).encode()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    survives(data)


@settings(max_examples=400, deadline=None)
@given(st.one_of(JSON, NOTEBOOKS))
def test_any_json_is_read_or_refused(data):
    survives(json.dumps(data).encode())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(STARTER) - 1), st.binary(min_size=1, max_size=4), st.booleans())
def test_a_damaged_notebook_is_read_or_refused(at, noise, cut):
    survives(STARTER[:at] + noise + (b"" if cut else STARTER[at + len(noise) :]))
