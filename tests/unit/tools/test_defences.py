"""The list of defences follows the source: a run with an edit that changes nothing would show nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.defences.__main__ import table
from tools.defences.catalogue import DEFENCES
from tools.defences.defence import Defence, Edit
from tools.defences.kept import Kept
from tools.defences.trial import Result, read_report, try_without

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
def test_every_defence_can_be_switched_off(defence: Defence) -> None:
    assert defence.problems(ROOT) == []
    assert all((ROOT / name).is_file() for name in defence.tests)


def test_no_defence_is_named_twice() -> None:
    assert len({defence.name for defence in DEFENCES}) == len(DEFENCES)


def test_an_edit_that_does_not_apply_is_trouble_and_leaves_the_tree_alone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("wall = 1\n")
    defence = Defence("wall", (Edit("a.py", "wall = 1", "wall = 0"), Edit("a.py", "door", "")), ())
    assert "'door' 0 times" in try_without(defence, tmp_path, 1).trouble
    assert (tmp_path / "a.py").read_text() == "wall = 1\n"


def test_only_tests_that_ran_and_failed_are_red(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    cases = (
        '<testcase name="held"/><testcase name="noticed"><failure message="no"/></testcase>'
        '<testcase name="left"><error message="failed on teardown with x"/></testcase>'
        '<testcase name="broken"><error message="failed on setup with x"/></testcase>'
    )
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    assert read_report(report) == Result(red=["noticed", "left (afterwards)"], green=1)
    report.write_text('<testsuite><testcase name="x"><error message="failed on setup"/></testcase></testsuite>')
    assert "no test could start" in read_report(report).trouble


def test_a_defence_that_nobody_misses_is_shown_as_such() -> None:
    text = table([Defence("wall", (), ()), Defence("door", (), ())], [Result(red=list("abcdef")), Result(green=3)])
    assert "| wall | `a`, `b`, `c`, `d` and 2 more |" in text
    assert "| door | **none**: all were green |" in text


def test_results_are_kept_until_the_source_or_the_defence_changes(tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    source, file = tmp_path / "worker" / "wall.py", tmp_path / "kept"
    source.write_text("wall = 1\n")
    wall, door = Defence("wall", (Edit("worker/wall.py", "wall = 1"),), ()), Defence("door", (), ())
    Kept(file, tmp_path).add(wall, Result(red=["a"], green=2))
    assert Kept(file, tmp_path).result(wall) == Result(red=["a"], green=2)
    assert Kept(file, tmp_path).result(door) is None
    source.write_text("wall = 2\n")
    assert Kept(file, tmp_path).result(wall) is None
    Kept(None, tmp_path).add(door, Result())
    assert len(file.read_text().splitlines()) == 1
