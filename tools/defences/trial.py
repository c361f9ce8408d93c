"""One defence switched off in a copy of the tree, and what the tests say to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree  # of reports that pytest has just written
from dataclasses import dataclass, field
from pathlib import Path

from tools.defences.defence import Defence

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".git", ".venv", ".kernels", ".bench", "var", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")
FEWEST_S = 30


@dataclass
class Result:
    """`red`: the tests that noticed; `trouble`: why nothing can be concluded."""

    red: list[str] = field(default_factory=list)
    green: int = 0
    trouble: str = ""


def copy_tree(folder: Path) -> Path:
    """The tree without its environments, which are used where they are."""
    target = folder / "tree"
    shutil.copytree(ROOT, target, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    path = target / "environments.toml"
    text = re.sub(r'^interpreter = "(?!/)', f'interpreter = "{ROOT}/', path.read_text(), flags=re.MULTILINE)
    text = re.sub(
        r"^preload = .*$", 'preload = ["numpy", "numpy.random"]', text, flags=re.MULTILINE
    )  # else each trial takes seconds longer
    path.write_text(text)
    return target


def try_without(defence: Defence, tree: Path, timeout_s: float) -> Result:
    """`tree` is a copy; afterwards it is as it was."""
    before = {edit.file: (tree / edit.file).read_bytes() for edit in defence.edits if (tree / edit.file).is_file()}
    try:
        for edit in defence.edits:
            edit.apply(tree)
        return run_tests(tree, defence.tests, defence.chosen, timeout_s)
    except ValueError as problem:
        return Result(trouble=f"the edit does not apply: {problem}")
    finally:
        for name, content in before.items():
            (tree / name).write_bytes(content)


def run_tests(tree: Path, files: tuple[str, ...], chosen: str, timeout_s: float) -> Result:
    report = tree.parent / f"{os.getpid()}-{tree.name}.xml"
    report.unlink(missing_ok=True)
    line = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--maxfail=8",
        f"--junitxml={report}",
        *files,
    ]
    if chosen:
        line += ["-k", chosen]
    variables = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        line,
        cwd=tree,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return Result(trouble=f"the tests were not over after {timeout_s:.0f} s")
    if not report.is_file():
        return Result(trouble=f"the tests did not run: {said.strip().splitlines()[-1:]}")
    return read_report(report)


def read_report(report: Path) -> Result:
    result, faults = Result(), []
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
        name, failure, error = case.get("name", ""), case.find("failure"), case.find("error")
        if failure is not None:
            result.red.append(name)
        elif error is None:
            result.green += case.find("skipped") is None
        elif "teardown" in error.get("message", ""):  # something was left behind
            result.red.append(f"{name} (afterwards)")
        else:
            faults.append(name)
    if not result.red and faults:
        result.trouble = f"no test could start: {faults[0]}"
    elif not result.red and not result.green:
        result.trouble = "no test was chosen"
    return result
