from worker.pipeline.moments import END, Watch, plan

BINDINGS = [(1, frozenset({"f"})), (4, frozenset({"g", "x"})), (7, frozenset({"f", "x"}))]


def test_a_check_is_run_after_every_cell_that_defines_its_name_and_at_the_end() -> None:
    moments = plan([Watch("f", frozenset({"f"}))], BINDINGS)
    assert [index for index in (1, 4, 7, END) if moments.at(index) == ("f",)] == [1, 7, END]


def test_of_a_name_that_is_defined_over_and_over_the_first_and_the_last_definitions_are_looked_at() -> None:
    often = [(index, frozenset({"x"})) for index in range(100)]
    assert list(plan([Watch("x", frozenset({"x"}))], often).after) == [*range(10), *range(90, 100), END]
    assert list(plan([Watch("x", frozenset({"x"}))], often[:20]).after) == [*range(20), END]
    assert list(plan([Watch("x", frozenset({"x"}), "last")], often).after) == [99, END]


def test_last_counts_only_the_last_definition_and_the_end() -> None:
    moments = plan([Watch("x", frozenset({"x"}), "last")], BINDINGS)
    assert set(moments.after) == {7, END}


def test_a_numbered_definition_is_looked_at_right_after_its_cell_and_nowhere_else() -> None:
    moments = plan([Watch("x1", frozenset({"x"}), "1"), Watch("x2", frozenset({"x"}), "2")], BINDINGS)
    assert moments.at(4) == ("x1",)
    assert moments.at(7) == ("x2",)
    assert moments.at(END) == ()


def test_a_definition_that_never_came_is_judged_at_the_end() -> None:
    assert plan([Watch("x", frozenset({"x"}), "5")], BINDINGS).at(END) == ("x",)


def test_a_check_without_names_runs_once_at_the_end() -> None:
    assert plan([Watch("typed", frozenset())], BINDINGS).after == {END: ("typed",)}
