"""A disguise hides no copy, and people who worked alone are not accused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.similarity.comparing import Alike, pairs
from grader.similarity.fingerprints import Prints, matching_lines, prints_of
from grader.similarity.reading import Given
from grader.similarity.tokens import cells_of, lines_of
from tests.unit.similarity.notebooks import ALONE, ANN, BOB, DISGUISES, STARTER, data, everything, renamed

GIVEN = Given(lines_of(data(STARTER)), prints_of(cells_of(data(STARTER))).hashes)
Disguise = Callable[[tuple[str, ...]], tuple[str, ...]]


def prints(*cells: str) -> Prints:
    return GIVEN.read(data(cells))[1]


def compared(**notebooks: tuple[str, ...]) -> list[Alike]:
    return list(pairs({name: prints(*cells).hashes for name, cells in notebooks.items()}))


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda disguise: disguise.__name__)
@pytest.mark.parametrize("own", [ANN, BOB], ids=["ann", "bob"])
def test_no_disguise_hides_a_copy(own: tuple[str, ...], disguise: Disguise) -> None:
    [found] = compared(original=own, copy=disguise(own))
    assert found.score > 0.8


def test_who_worked_alone_is_not_listed() -> None:
    assert compared(**ALONE) == []


def test_a_copy_is_found_among_people_who_worked_alone() -> None:
    [found] = compared(**ALONE, copy=everything(ANN))
    assert {found.first, found.second} == {"ann", "copy"}


def test_what_everybody_was_given_is_nobodys_work() -> None:
    assert compared(one=STARTER, two=STARTER) == []
    assert not prints(*STARTER).hashes


def test_a_starter_that_was_filled_in_differently_is_not_alike() -> None:
    long = "\n".join(f"values_{i} = np.linspace({i}, {i + 1}, {i + 2}).reshape(-1, 1)" for i in range(30))
    given = Given(lines_of(data((long,))), prints_of(cells_of(data((long,)))).hashes)
    read = {name: given.read(data((long, *cells)))[1].hashes for name, cells in ALONE.items()}
    assert list(pairs(read)) == []


def test_what_most_of_a_class_wrote_alike_proves_nothing() -> None:
    together = {f"s{i}": ANN[2:] for i in range(40)}
    assert compared(**together) == []


def test_a_copy_of_an_earlier_year_is_found_and_earlier_years_are_not_compared_with_each_other() -> None:
    before = {name: prints(*cells).hashes for name, cells in {"old": ANN, "older": ANN}.items()}
    found = list(pairs({"new": prints(*renamed(ANN)).hashes, "other": prints(*BOB).hashes}, before))
    assert {(alike.first, alike.second) for alike in found} == {("new", "old"), ("new", "older")}


def test_the_lines_that_match_are_those_that_were_copied() -> None:
    own = (ANN[2], "print('only mine')\nnumbers = [3, 1, 2]\nnumbers.sort()\nprint(numbers[0] + 7)")
    marked = matching_lines(prints(*own), prints(*renamed(ANN)))
    assert set(marked) == {0}
    assert len(marked[0]) >= 8


@pytest.mark.parametrize("bad", [b"", b"{}", b"%PDF", data(("def broken(:\n  '''never closed\n" * 3,))])
def test_what_cannot_be_read_is_like_nothing(bad: bytes) -> None:
    _, read = GIVEN.read(bad)
    assert list(pairs({"a": read.hashes, "b": prints(*ANN).hashes})) == []
