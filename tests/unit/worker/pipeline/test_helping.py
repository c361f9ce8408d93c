from worker.contract import CellSummary
from worker.pipeline.helping import MOST_SAID, OutOfOrder, said_in


def needing(name: str) -> CellSummary:
    return CellSummary(0, "error", 0.1, f"NameError: name '{name}' is not defined")


OK = CellSummary(0, "ok", 0.1)


def test_a_cell_that_needed_a_later_name_can_run_again() -> None:
    cells = [(0, "y = f(2)"), (1, "def f(x):\n    return x"), (2, "z = nowhere")]
    assert list(OutOfOrder(cells, [needing("f"), OK, needing("nowhere")])) == [(0, "f")]


def test_what_a_cell_defines_when_it_runs_again_counts_for_the_next() -> None:
    cells = [(0, "a = c"), (1, "b = a"), (2, "c = 1")]
    waiting = OutOfOrder(cells, [needing("c"), needing("a"), OK])
    order = []
    for place, name in waiting:
        order.append((place, name))
        waiting.ran(place)
    assert order == [(0, "c"), (1, "a")]


def test_other_errors_are_left_alone() -> None:
    cells = [(0, "1 / 0"), (1, "x = 1")]
    assert list(OutOfOrder(cells, [CellSummary(0, "error", 0.1, "ZeroDivisionError: division by zero"), OK])) == []


def test_what_helps_said_is_found_once_and_not_without_end() -> None:
    out = {"output_type": "stream", "text": "x\n[grader] There is no Drive here; it is the folder.\nmore"}
    warning = {"output_type": "stream", "text": "/a.py:1: FutureWarning: [grader] `np.Inf` no longer exists\n"}
    assert said_in([{"outputs": [out, out]}, {"outputs": [warning]}, {}]) == (
        "There is no Drive here; it is the folder.",
        "`np.Inf` no longer exists",
    )
    many = [{"output_type": "stream", "text": "".join(f"[grader] {i}\n" for i in range(99))}]
    assert len(said_in([{"outputs": many}])) == MOST_SAID
