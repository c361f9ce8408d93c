import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from assignments import locked
from assignments.locked import changes, is_made_from, restore

GIVEN = "def loss(x):\n    return (x - 1) ** 2\n\nseed = 4"


def cells(*sources: tuple[str, str]) -> list[NotebookNode]:
    return [new_code_cell(source, id=name) for name, source in sources]


STARTER = cells(("a", "import numpy as np"), ("given", GIVEN), ("b", "answer = 0"))


def test_a_cell_as_it_was_is_no_change_wherever_it_stands() -> None:
    moved = cells(("x", "answer = 3"), ("new-id", GIVEN + "  \n"), ("a", "import numpy as np"))
    assert changes(STARTER, moved, ["given"]) == []


def test_a_changed_cell_is_found_by_its_id_and_shown_as_a_difference() -> None:
    student = cells(("a", "import numpy as np"), ("given", GIVEN.replace("seed = 4", "seed = 5")), ("b", "answer = 1"))
    (change,) = changes(STARTER, student, ["given"])
    assert change.place == 1
    assert "-seed = 4\n+seed = 5" in change.diff
    restore(student, STARTER, [change])
    assert [cell.source for cell in student] == ["import numpy as np", GIVEN, "answer = 1"]


def test_a_changed_cell_with_another_id_is_found_by_what_it_holds() -> None:
    student = cells(("p", "import numpy as np"), ("q", GIVEN.replace("- 1", "- 2")), ("r", "answer = 1"))
    assert [change.place for change in changes(STARTER, student, ["given"])] == [1]


def test_a_cell_that_is_gone_is_put_back_where_it_was() -> None:
    student = cells(("a", "import numpy as np"), ("b", "answer = 1"))
    found = changes(STARTER, student, ["given"])
    assert [change.place for change in found] == [None]
    restore(student, STARTER, found)
    assert [cell.source for cell in student] == ["import numpy as np", GIVEN, "answer = 1"]


def test_cells_that_are_not_locked_may_change() -> None:
    assert changes(STARTER, cells(("a", "x = 1"), ("given", GIVEN)), ["given"]) == []


def test_comments_and_form_change_nothing_of_a_cell() -> None:
    source = "# As it was given.\n" + GIVEN.replace("    return (x - 1) ** 2", "    return ( x-1 )**2  # a parabola")
    for other in (source, "%matplotlib inline\n" + GIVEN + "\nanswer = [loss(n) for n in range(100)]" * 9):
        assert changes(STARTER, cells(("a", "import numpy as np"), ("x", other)), ["given"]) == []


def test_lines_before_or_behind_are_told_and_stay() -> None:
    student = cells(("a", "import numpy as np"), ("given", "print('first')\n" + GIVEN + "\nanswer = loss(3)"))
    (change,) = changes(STARTER, student, ["given"])
    assert change.only_added
    assert "+answer = loss(3)" in change.diff
    restore(student, STARTER, [change])
    assert student[1].source.endswith("answer = loss(3)")


@pytest.mark.parametrize(
    "source",
    [
        GIVEN.replace("\n\nseed", "\n\nloss = abs\nseed"),
        GIVEN.replace("- 1", "- 1.0"),
        " + GIVEN + ",
        "if False:\n    " + GIVEN.replace("\n", "\n    "),
        GIVEN.replace("seed = 4", "seed = (4"),
        "",
    ],
)
def test_a_line_in_between_another_number_and_what_no_longer_runs_are_changes(source: str) -> None:
    assert len(changes(STARTER, cells(("given", source)), ["given"])) == 1


def test_what_a_magic_of_a_given_cell_does_is_compared_as_text() -> None:
    starter = cells(("data", "!wget https://example.org/a\nn = 3"))
    assert len(changes(starter, cells(("data", "!wget https://example.org/b\nn = 3")), ["data"])) == 1


def test_a_cell_that_is_gone_goes_before_what_followed_it_where_nothing_stood_before() -> None:
    student = cells(("x", "mine = 0"), ("b", "answer = loss(1)"))
    restore(student, STARTER, changes(STARTER, student, ["given"]))
    assert [cell.source for cell in student] == ["mine = 0", GIVEN, "answer = loss(1)"]


def test_a_notebook_of_another_making_is_told_from_one_that_was_made_from_the_starter() -> None:
    assert is_made_from(STARTER, cells(("x", "import numpy as np"), ("y", GIVEN + "\nmore = 1")))
    assert is_made_from(STARTER, cells(("b", "answer = 3")))
    assert not is_made_from(STARTER, cells(("x", "import numpy as np"), ("y", "answer = 3")))


def test_another_cell_with_the_same_id_is_not_taken_for_the_given_one() -> None:
    student = cells(("q", GIVEN.replace("- 1", "- 2")), ("given", "answer = [n * n for n in range(10)]"))
    assert [change.place for change in changes(STARTER, student, ["given"])] == [0]
    assert [change.place for change in changes(STARTER, student[1:], ["given"])] == [None]
    much = cells(("given", "def loss(x):\n    return abs(x)\n\nprint(loss(3), loss(4), loss(5))"))
    assert [change.place for change in changes(STARTER, much, ["given"])] == [0]


def test_of_very_many_cells_the_last_are_compared_by_their_text_and_ids_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked, "MOST_COMPARED", 1)
    remarked = "# As it was given.\n" + GIVEN
    assert changes(STARTER, cells(("x", "mine = 0"), ("y", GIVEN)), ["given"]) == []
    assert changes(STARTER, cells(("x", "mine = 0"), ("given", remarked)), ["given"]) == []
    student = cells(("x", "mine = 0"), ("y", remarked))
    assert [change.place for change in changes(STARTER, student, ["given"])] == [None]
    assert not is_made_from(STARTER, student)
