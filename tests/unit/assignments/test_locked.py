from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from assignments.locked import changes, restore

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
