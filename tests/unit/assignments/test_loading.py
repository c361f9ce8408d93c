"""Loading assignment packages, and what is said when one is wrong."""

import shutil
import sys

import pytest

from assignments.checks_loading import load_checked_package
from assignments.errors import PackageError
from assignments.loading import load_all, load_package
from tests.support.packages import ASSIGNMENTS, SLUGS

TOML = """title = "A title"
summary = "A summary"

[limits]
cell_s = 5.0

[[answers]]
key = "number"
label = "A number"

[[checks]]
key = "f"
title = "The function"
points = 3
hint = "Be careful."

[[checks]]
key = "number"
title = "The number"
points = 1.5
kind = "answer"

[[checks]]
key = "plot"
title = "The plot"
points = 2
kind = "manual"
visibility = "hidden"
"""
CHECKS = """from assignments.vocabulary import Ask, Conclusion, Outcome, check

@check("f")
def f(ask: Ask) -> Outcome:
    return Outcome(Conclusion.PASSED, 1.0, "Correct.")

@check("number")
def number(ask: Ask) -> Outcome:
    return Outcome(Conclusion.PASSED, 1.0, "Correct.")
"""


@pytest.fixture
def folder(tmp_path):
    package = tmp_path / "an-assignment"
    package.mkdir()
    (package / "assignment.toml").write_text(TOML)
    (package / "checks.py").write_text(CHECKS)
    for name in ("starter.ipynb", "solution.ipynb"):
        shutil.copy(ASSIGNMENTS / "loss-1-regression" / name, package / name)
    return package


def refusal(folder, load=load_package):
    with pytest.raises(PackageError) as caught:
        load(folder)
    return caught.value


def test_a_package_is_read_with_its_defaults(folder):
    (folder / "data").mkdir()
    (folder / "data" / "points.npy").write_bytes(b"1")
    package = load_package(folder)
    metadata = package.metadata
    assert (package.slug, metadata.title, metadata.environment, metadata.device) == (
        "an-assignment",
        "A title",
        "course",
        "cpu",
    )
    assert metadata.max_score == 6.5
    assert (metadata.limits.cell_s, metadata.limits.wall_s) == (5.0, 120.0)
    assert [(c.key, c.kind, c.watches, c.counts, c.visibility) for c in metadata.checks] == [
        ("f", "function", ("f",), "best", "full"),
        ("number", "answer", (), "best", "full"),
        ("plot", "manual", (), "best", "hidden"),
    ]
    assert metadata.check("f").hint == "Be careful."
    assert metadata.data_files == {"points.npy": folder / "data" / "points.npy"}
    assert package.starter_bytes().startswith(b"{")
    with pytest.raises(KeyError, match="no check 'g'"):
        metadata.check("g")


def test_the_limits_are_those_of_the_job_message():
    import dataclasses

    from assignments.metadata import LimitsSpec
    from worker.contract import Limits

    assert dataclasses.asdict(Limits(**dataclasses.asdict(LimitsSpec()))) == dataclasses.asdict(Limits())


@pytest.mark.parametrize(
    ("old", "new", "key", "says", "line"),
    [
        ('title = "A title"', "title = 3", "title", "valid string", 1),
        ('title = "A title"', "", "title", "missing", None),
        ("cell_s = 5.0", "cell_s = 0", "limits.cell_s", "greater than 0", 5),
        ("cell_s = 5.0", "cells = 5.0", "limits.cells", "no such key", 5),
        ("points = 3", "points = -1", "checks[0].points", "greater than 0", 14),
        ("points = 3", "points = nan", "checks[0].points", "", 14),
        ("points = 1.5", 'points = "many"', "checks[1].points", "valid number", 20),
        ('kind = "answer"', 'kind = "anwser"', "checks[1].kind", "'function'", 21),
        ('key = "f"', 'key = "f g"', "checks[0].key", "pattern", 12),
        ('key = "f"', 'key = "plot"', "checks", "more than once", 11),
        ('key = "f"', 'key = "f"\nwatches = ["class"]', "checks[0].watches", "keyword", 13),
        ('key = "f"', 'key = "f"\ncounts = 0', "checks[0].counts", "", 13),
        ('kind = "answer"', 'kind = "function"', "answers", "no check of kind 'answer'", 7),
        ('[[answers]]\nkey = "number"', '[[answers]]\nkey = "other"', "checks", "'number'", 11),
        ('kind = "manual"', 'kind = "manual"\nwatches = ["x"]', "checks[2].watches", "watches no name", 28),
    ],
)
def test_an_error_names_file_line_and_key(folder, old, new, key, says, line):
    path = folder / "assignment.toml"
    assert old in TOML
    path.write_text(TOML.replace(old, new))
    error = refusal(folder)
    assert (error.path, error.key, error.line) == (path, key, line)
    assert says in error.problem
    assert str(error).startswith(f"{path}:{line}: {key}: " if line else f"{path}: {key}: ")


def test_toml_that_does_not_parse_names_its_line(folder):
    (folder / "assignment.toml").write_text(TOML.replace("points = 3", "points = = 3"))
    error = refusal(folder)
    assert error.line == 14
    assert "not valid TOML" in error.problem


@pytest.mark.parametrize("name", ["assignment.toml", "checks.py", "starter.ipynb", "solution.ipynb"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert refusal(folder).path == folder / name


def test_a_folder_that_is_no_slug_is_refused(folder):
    renamed = folder.rename(folder.parent / "An Assignment")
    assert "lower case" in refusal(renamed).problem


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert "no such folder" in refusal(tmp_path / "nothing").problem
    assert "no such folder" in refusal(tmp_path / "nothing", load_all).problem


def test_the_version_changes_with_every_file_and_not_with_caches(folder):
    first = load_package(folder).version
    cache = folder / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "checks.cpython-311.pyc").write_bytes(b"x")
    assert load_package(folder).version == first
    seen = {first}
    for name in ("assignment.toml", "checks.py", "starter.ipynb", "solution.ipynb"):
        path = folder / name
        path.write_text(path.read_text() + "\n")
        seen.add(load_package(folder).version)
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("")
    seen.add(load_package(folder).version)
    assert len(seen) == 6


def test_a_link_in_a_package_is_refused(folder, tmp_path):
    (tmp_path / "outside.txt").write_text("x")
    (folder / "inside.txt").symlink_to(tmp_path / "outside.txt")
    assert "link" in refusal(folder).problem


def test_all_packages_are_loaded_by_slug(folder):
    assert list(load_all(folder.parent)) == ["an-assignment"]
    assert list(load_all(ASSIGNMENTS)) == SLUGS


def test_checks_come_in_the_order_of_the_toml_without_manual_ones(folder):
    loaded = load_checked_package(folder)
    assert [check.spec.key for check in loaded.checks] == ["f", "number"]
    assert loaded.metadata.slug == "an-assignment"


@pytest.mark.parametrize(
    ("old", "new", "key", "says", "line"),
    [
        ('@check("number")', "", "number", "no function is marked", None),
        ('@check("number")', '@check("nombre")', "nombre", "no such check", 7),
        ("import Ask", "import Aks", "", "ImportError", 1),
        ("return Outcome(", "return Outcome((", "", "not valid Python", 5),
        ('@check("f")', '1 / 0\n@check("f")', "", "ZeroDivisionError", 3),
    ],
)
def test_an_error_in_the_checks_names_file_and_line(folder, old, new, key, says, line):
    path = folder / "checks.py"
    path.write_text(CHECKS.replace(old, new, 1))
    error = refusal(folder, load_checked_package)
    assert (error.path, error.key, error.line) == (path, key, line)
    assert says in error.problem


def test_reading_metadata_and_notebooks_never_imports_the_reference():
    import subprocess

    code = (
        "import sys, assignments.loading, assignments.notebooks, assignments.bindings, assignments.attempts, "
        "assignments.cases; print([m for m in sys.modules if m.split('.')[0] in ('reference', 'numpy', 'worker')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ASSIGNMENTS.parent
    )
    assert done.stdout.strip() == "[]"
