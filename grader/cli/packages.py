"""Assignment packages for the commands: found by slug, with a suggestion when there is no such one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.lazy import suggestion
from grader.configuration import sources

if TYPE_CHECKING:
    from assignments.errors import PackageError
    from assignments.metadata import Package

ROOT = Path(__file__).resolve().parent.parent.parent


def assignments_dir() -> Path:
    """GRADER_ASSIGNMENTS_DIR, else the folder `assignments` beside the code."""
    return sources.path_of("assignments_dir", ROOT / "assignments")


def environments_file() -> Path:
    """GRADER_ENVIRONMENTS_FILE, else `environments.toml` beside the code."""
    return Path(os.environ.get("GRADER_ENVIRONMENTS_FILE") or ROOT / "environments.toml").expanduser().resolve()


def slugs(root: Path) -> list[str]:
    return sorted(path.parent.name for path in root.glob("*/assignment.toml"))


def load_good(root: Path) -> tuple[list[Package], list[PackageError]]:
    """Every package of `root` that can be used, and what is wrong with the others."""
    from assignments.errors import PackageError
    from assignments.loading import load_package

    good, wrong = [], []
    for slug in slugs(root):
        try:
            good.append(load_package(root / slug))
        except PackageError as error:
            wrong.append(error)
    return good, wrong


def package_folder(slug: str, root: Path | None = None) -> Path:
    """The folder of an assignment. Raises a usage error with the nearest slug."""
    folder = root or assignments_dir()
    known = slugs(folder)
    if slug not in known:
        raise click.UsageError(f"There is no assignment {slug!r} in {folder}{suggestion(slug, known)}")
    return folder / slug


def parse_answers(pairs: Sequence[str], known: Sequence[str] | None = None) -> dict[str, str]:
    """From `key=value` texts. Raises usage errors for a text without `=`, a key given twice or unknown."""
    answers: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not key:
            raise click.UsageError(f"--answer {pair!r} is not of the form key=value.")
        if key in answers:
            raise click.UsageError(f"--answer {key}=… is given twice.")
        if known is not None and key not in known:
            extra = suggestion(key, known) if known else ": this assignment has no answer fields."
            raise click.UsageError(f"There is no answer field {key!r}{extra}")
        answers[key] = value.strip()
    return answers
