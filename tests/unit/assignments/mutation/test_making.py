"""Mutants of small solutions: which there are, which are left out, and what names them."""

from __future__ import annotations

import ast

import pytest

from assignments.mutation.making import mutants_of
from assignments.mutation.mutant import Mutant


def code(*sources: str) -> list[dict[str, str]]:
    return [{"cell_type": "code", "source": source} for source in sources]


def made(*cells: str, starter: tuple[str, ...] = (), watched: tuple[str, ...] = ("f",)) -> list[Mutant]:
    return mutants_of(code(*cells), code(*starter), frozenset(watched))


def changed_lines(mutants: list[Mutant], operator: str) -> set[str]:
    """The new lines, in the form that ignores brackets."""
    found = set()
    for mutant in mutants:
        if mutant.operator == operator:
            found |= {ast.unparse(ast.parse(line[1:].strip())) for line in mutant.diff.splitlines() if line[0] == "+"}
    return found


@pytest.mark.parametrize(
    ("expression", "operator", "wrong"),
    [
        ("a + b", "sign", "r = a - b"),
        ("a + b", "dropped-term", "r = b"),
        ("a * b", "dropped-factor", "r = a"),
        ("a / b", "swapped", "r = b / a"),
        ("a @ b", "swapped", "r = b @ a"),
        ("-a", "sign", "r = a"),
        ("a ** 2", "power", "r = a"),
        ("a ** 2", "off-by-one", "r = a ** 3"),
        ("a[1:]", "off-by-one", "r = a[2:]"),
        ("a[-1]", "off-by-one", "r = a[-2]"),
        ("a[b]", "off-by-one", "r = a[b - 1]"),
        ("np.sum(a)", "mean-sum", "r = np.mean(a)"),
        ("a.sum(axis=0)", "mean-sum", "r = a.mean(axis=0)"),
        ("np.sum(a, axis=0)", "axis", "r = np.sum(a, axis=1)"),
        ("a.mean(dim=-1)", "axis", "r = a.mean(dim=0)"),
        ("np.log(a)", "log-base", "r = np.log10(a)"),
        ("np.sqrt(a)", "sqrt-dropped", "r = a"),
        ("a.T", "transposed", "r = a"),
        ("np.matmul(a, b)", "swapped", "r = np.matmul(b, a)"),
        ("a < b", "comparison", "r = a >= b"),
        ("0.25 * a", "factor-2", "r = 0.5 * a"),
        ("g(a, flag=True)", "flag", "r = g(a, flag=False)"),
    ],
)
def test_a_slip_of_each_kind_is_made(expression: str, operator: str, wrong: str) -> None:
    mutants = made(f"def f(a, b):\n    r = {expression}\n    return r\n")
    assert wrong in changed_lines(mutants, operator)


def test_a_result_is_negated_scaled_and_set_to_zero() -> None:
    mutants = made("def f(a):\n    return g(a)\n")
    assert {m.operator for m in mutants} == {"sign", "factor-2", "factor-half", "constant"}


def test_what_is_unpacked_is_changed_value_by_value() -> None:
    mutants = made("f, *rest = g(2.5)\n")
    assert "f, *rest = [2 * _v for _v in g(2.5)]" in changed_lines(mutants, "factor-2")
    assert "f, *rest = 2 * g(2.5)" not in changed_lines(mutants, "factor-2")


def test_a_tiny_number_that_guards_a_division_stays() -> None:
    mutants = made("def f(a, b):\n    return a / (b + 1e-8)\n")
    assert not {"return a / b", "return a / (b - 1e-08)"} & {
        line for m in mutants for line in changed_lines([m], m.operator)
    }


def test_loops_end_early_begin_late_and_lose_steps() -> None:
    mutants = made("def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n")
    sources = " ".join(m.source for m in mutants)
    assert "range(n - 1)" in sources
    assert "range(1, n)" in sources
    assert "t -= i" in sources
    assert any(m.operator == "dropped-step" for m in mutants)


def test_the_starters_own_definition_is_the_answer_never_filled_in() -> None:
    mutants = made("def f(a):\n    return a + 1\n", starter=("def f(a):\n    return 0\n",))
    assert any(m.operator == "constant" and m.source.strip() == "def f(a):\n    return 0" for m in mutants)


def test_lines_that_the_starter_gives_are_left_alone() -> None:
    starter = "def f(a):\n    k = 3.5\n    r = 0\n    return r\n"
    mutants = made("def f(a):\n    k = 3.5\n    r = k * a\n    return r\n", starter=(starter,))
    assert not [m for m in mutants if "-    k" in m.diff]
    assert [m for m in mutants if "-    return r" in m.diff]


@pytest.mark.parametrize(
    "line",
    [
        "print(a + 1)",
        "plt.plot(a, a + 1)",
        "unused = a + 1",
        "assert a > 0",
        "f'{a + 1}'",
        "import math",
    ],
)
def test_what_is_no_part_of_an_answer_is_left_alone(line: str) -> None:
    without = made("def f(a):\n    return a\n")
    mutants = made(f"def f(a):\n    {line}\n    return a\n")
    assert [m for m in mutants if m.scope == "f" and line in m.diff and m.operator != "dropped-step"] == []
    assert len(mutants) <= len(without) + 1


def test_what_comes_after_the_return_is_never_reached() -> None:
    assert not [m for m in made("def f(a):\n    return a\n    b = a * 7\n    return b\n") if "a * 7" in m.diff]


def test_changes_that_change_nothing_are_not_made() -> None:
    mutants = made("def f(a):\n    r = 2 * 1\n    return r * a\n")
    assert "r = 2" not in changed_lines(mutants, "dropped-factor")


def test_every_mutant_is_python_and_differs_from_every_other() -> None:
    mutants = made(
        "x = 1.5\ny = -x + 2\n", "def f(a, b):\n    return (a - b) ** 2 / 2, np.mean(a)\n", watched=("f", "y")
    )
    assert len({(m.cell, m.source) for m in mutants}) == len(mutants) == len({m.id for m in mutants})
    for mutant in mutants:
        compile(mutant.source, "cell", "exec")


def test_positions_are_right_behind_letters_of_several_bytes() -> None:
    mutants = made("def f(a, b):\n    # größer\n    s = 'ä'; r = a + b\n    return r\n")
    assert any("s = 'ä'; r = (a - b)" in m.source for m in mutants)


def test_ids_stay_when_something_else_is_edited() -> None:
    before = made("def f(a, b):\n    r = a + b\n    return r\n")
    after = made("k = 1\n", "# a remark\n\ndef f(a, b):\n    q = 4\n    r = a  +  b\n    return r\n")
    assert {m.id for m in before} <= {m.id for m in after}


def test_the_same_line_twice_gives_two_ids() -> None:
    mutants = made("f = a + b\n", "f = a + b\n")
    assert len({m.id for m in mutants}) == len(mutants)
    assert len([m for m in mutants if m.operator == "dropped-term"]) == 4


def test_cells_with_magics_are_changed_too() -> None:
    assert made("%matplotlib inline\ndef f(a):\n    return a\n")
