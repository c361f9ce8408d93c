"""Which names a cell binds."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.bindings import bound_names, parse_cell, strip_magics


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = 1", {"a"}),
        ("a = b = 1", {"a", "b"}),
        ("a, (b, *c) = x", {"a", "b", "c"}),
        ("a: int = 1", {"a"}),
        ("a += 1", {"a"}),
        ("print(a := 1)", {"a"}),
        ("def f(x):\n    y = 1", {"f"}),
        ("async def f(): pass", {"f"}),
        ("class C:\n    z = 1", {"C"}),
        ("import a.b, c as d", {"a", "d"}),
        ("from a import b, c as d", {"b", "d"}),
        ("from a import *", set()),
        ("for i, j in x:\n    k = 1\nelse:\n    m = 2", {"i", "j", "k", "m"}),
        ("with f() as g, h() as (i, j): pass", {"g", "i", "j"}),
        ("try:\n    a = 1\nexcept E as e:\n    b = 2\nfinally:\n    c = 3", {"a", "e", "b", "c"}),
        ("if x:\n    a = 1\nelse:\n    b = 2", {"a", "b"}),
        ("while x:\n    a = 1", {"a"}),
        ("match x:\n    case [a, *b]: pass\n    case {'k': c, **d}: pass\n    case E() as e: pass", set("abcde")),
        ("y = [i for i in x]", {"y"}),
        ("[last := i for i in x]", {"last"}),
        ("del a", {"a"}),
        ("w[0, 0] = 1", {"w"}),
        ("w.data[3].x += 1", {"w"}),
        ("f(x)[0] = 1", set()),
        ("def f():\n    global g\n    g = 1", {"f"}),
        ("lambda: (x := 1)", set()),
        ("print('a = 1')", set()),
        ("# a = 1", set()),
        ("", set()),
    ],
)
def test_names_bound_by_python(source, names):
    assert bound_names(source) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%matplotlib inline\na = 1", {"a"}),
        ("!pip install x\na = 1", {"a"}),
        ("a = 1\n?print\nprint?\nb = 2", {"a", "b"}),
        ("files = !ls\nb = 1", {"files", "b"}),
        ("t = %timeit -o f()\nb = 1", {"t", "b"}),
        ("%time a = f()", {"a"}),
        ("if x:\n    !ls\n    a = 1", {"a"}),
        ("%%time\na = 1", {"a"}),
        ("%%capture out\na = 1", {"a"}),
        ("%%timeit\na = 1", set()),
        ("%%bash\na=1", set()),
        ("\n%%writefile f.py\ndef g(): pass", set()),
        ("  a = 1\n  b = 2", {"a", "b"}),
        ("  %time c = 1\n  d = 2", {"c", "d"}),
        ("text = '''\n%a\n!b\n'''\nc = 1", {"text", "c"}),
    ],
)
def test_names_bound_around_magics(source, names):
    assert bound_names(source) == names


def test_magics_keep_their_lines():
    assert strip_magics("%load_ext x\na = 1\n!ls").count("\n") == 2


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x)\n    return 1\na = 2", {"f", "a"}),
        ("a = (1\nb, c = 1, 2\nif a == b:", {"a", "b", "c"}),
        ("class C(\nasync def g():", {"C", "g"}),
        ("x == 1 (", set()),
        ("a += (\nb: int = 3", {"a", "b"}),
        ("print 'python 2'\nratio = 3", {"ratio"}),
    ],
)
def test_cells_that_do_not_parse_are_searched_by_lines(source, names):
    assert bound_names(source) == names


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "[" * 50_000 + "]" * 50_000,
        "a = " + "+".join(["1"] * 50_000),
        "x" + ".y" * 50_000 + " = 1",
        "\x00a = 1",
        "\ufffda = 1",
        "a = '\\d'",
        " " * 1_000_000,
        "a" + " " * 999_999,
        "a" * 2_000_000,
        "if x:\n" + "\n".join(" " * i + "if x:" for i in range(1, 200)),
        "%" * 500_000,
        "?" * 500_000,
        "a = !" * 100_000,
    ],
)
def test_hostile_source_is_answered_soon(source):
    began = time.monotonic()
    bound_names(source)
    assert time.monotonic() - began < 5


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab =()[]:\n\t%!?,.\\'\"#@*fordefclassimport0\x00é"), max_size=120))
def test_any_source_is_answered(source):
    assert isinstance(bound_names(source), frozenset)


@pytest.mark.parametrize("source", ["import " + "a." * 50_000 + "b", "from " + "a.\\\r\n" * 40_000 + "b import c"])
def test_names_of_many_parts_are_not_parsed(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would take seconds for each, and minutes for a notebook of them."""

    def parse(text: str) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("assignments.bindings.ast.parse", parse)
    assert parse_cell(source) is None


def test_long_lists_of_numbers_are_parsed() -> None:
    source = "import math\nx = [" + "1.5, " * 5_000 + "]"
    assert bound_names(source) == {"math", "x"}
