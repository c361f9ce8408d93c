from worker.contract import CellSummary
from worker.pipeline.causes import cause_of_absence

SOURCES = [(1, "import numpy as np"), (6, "print(x)\ndef f(x):\n    return x"), (8, "g = 1")]


def cause(status: str, error: str = "", name: str = "f") -> str:
    cells = [CellSummary(1, "ok", 0.1), CellSummary(6, status, 0.1, error), CellSummary(8, "ok", 0.1)]
    return cause_of_absence((name,), SOURCES, cells)


def test_the_cell_that_stopped_before_the_name_is_told() -> None:
    said = cause("error", "NameError: name 'x' is not defined")
    assert said == "Cell 7, which is to define it, stopped with NameError: name 'x' is not defined before it."
    assert cause("timeout", "late") == "Cell 7, which is to define it, ran out of time before it."
    assert cause("skipped") == "Cell 7, which is to define it, was not run, because the kernel had ended."


def test_where_no_cell_defines_the_name_it_is_told_what_names_are_for() -> None:
    assert cause("ok", name="h") == "Answers are found by their names: use the one that the task gives."


def test_a_cell_that_ran_to_its_end_is_no_cause() -> None:
    assert cause("ok") == ""
