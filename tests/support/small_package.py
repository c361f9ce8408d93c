"""An assignment of a few lines, for tests of what carries out its checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assignments.gradable import GradablePackage, load_gradable_package
from tests.support.notebooks import notebook

HEAD = """from assignments.asking import Ask
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.registry import check


def passed(message="fine"):
    return Outcome(Conclusion.PASSED, 1.0, str(message))


"""


def small_package(
    folder: Path, checks: str, keys: Sequence[str], starter: Sequence[str] = ("# yours",)
) -> GradablePackage:
    """Written to `folder`. `checks` comes after HEAD; every key is worth one point and watches `f`."""
    folder.mkdir(mode=0o755)
    tables = [f'[[checks]]\nkey = "{key}"\ntitle = "{key}"\npoints = 1\nwatches = ["f"]\n' for key in keys]
    (folder / "assignment.toml").write_text("\n".join(['title = "Small"\nsummary = "Small."\n', *tables]))
    (folder / "checks.py").write_text(HEAD + checks)
    for name in ("starter.ipynb", "solution.ipynb"):
        (folder / name).write_bytes(notebook(*starter))
    return load_gradable_package(folder)


def line_of(package: GradablePackage, text: str) -> int:
    """The first line of checks.py that holds `text`."""
    lines = package.checks_source.decode().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)
