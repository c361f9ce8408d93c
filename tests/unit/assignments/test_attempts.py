"""Telling an untouched answer from an attempt."""

import pytest

from assignments.attempts import is_attempted, not_attempted_message

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
