"""Who may import whom; the rules are the contracts in pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--config", folder / "pyproject.toml", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_package_imports_only_what_the_design_allows() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_front_end_reaching_for_right_answers_is_noticed(tmp_path: Path) -> None:
    for package in ("reference", "assignments", "worker", "grader", "migrations"):
        for source in (ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    curious = tmp_path / "grader" / "submissions" / "intake.py"
    curious.write_text("import reference.plain\n" + curious.read_text().replace("from __future__", "# from __future__"))
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "grader.submissions.intake -> reference.plain" in done.stdout
