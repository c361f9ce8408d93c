"""Refresh the lock files: `make lock`, or `make lock PYTHONS="python3.11 python3.13"`.

Each requirements/NAME.in is resolved under every given Python, and the union is pinned in NAME.txt; what only
some of them need gets a marker. `--keep` leaves versions as they are and only adds and removes packages.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
# name -> locks that it stands on
LOCKS = {"service": (), "tracing": ("service",), "dev": ("service",), "kernel-course": (), "lti-platform": ()}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: Path) -> list[str]:
    if not lock.exists():
        return []
    return [line for line in lock.read_text().splitlines() if line and not line.startswith("#")]


def resolve(python: str, name: str, constraints: list[str]) -> tuple[str, dict[str, str]]:
    """(minor version of `python`, {package: version}) for requirements/NAME.in."""
    with tempfile.TemporaryDirectory() as folder:
        limits, report = Path(folder) / "constraints.txt", Path(folder) / "report.json"
        limits.write_text("\n".join(constraints))
        command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--report", str(report), "-c", str(limits), "-r", str(FOLDER / f"{name}.in")]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{python} cannot resolve {name}.in:\n{done.stderr[-2000:]}")
        data = json.loads(report.read_text())
    found = {normal(item["metadata"]["name"]): item["metadata"]["version"] for item in data["install"]}
    return ".".join(data["environment"]["python_version"].split(".")[:2]), found


def union(found: dict[str, dict[str, str]]) -> list[str]:
    """Lines `name==version`, with a marker where not every Python has the same."""
    where: dict[tuple[str, str], list[str]] = defaultdict(list)
    for minor, packages in found.items():
        for name, version in packages.items():
            where[name, version].append(minor)
    lines = []
    for (name, version), minors in sorted(where.items()):
        marker = _marker(minors, list(found))
        lines.append(f"{name}=={version}" + (f"; {marker}" if marker else ""))
    return lines


def _marker(minors: list[str], every: list[str]) -> str:
    """When a package is needed: what the newest Python needs, later ones are taken to need too."""
    if minors == every:
        return ""
    if minors == every[len(every) - len(minors) :]:
        return f'python_version >= "{minors[0]}"'
    if minors == every[: len(minors)]:
        return f'python_version < "{every[len(minors)]}"'
    return " or ".join(f'python_version == "{minor}"' for minor in minors)


def refresh(name: str, pythons: list[str], *, keep: bool) -> None:
    lock = FOLDER / f"{name}.txt"
    below = [line for other in LOCKS[name] for line in pins(FOLDER / f"{other}.txt")]
    constraints = below + (pins(lock) if keep else [])
    found = dict(resolve(python, name, constraints) for python in pythons)
    lines = [line for line in union(found) if line not in below]
    head = f"# Made by `make lock` from {name}.in for Python {', '.join(found)}. Do not edit.\n"
    lock.write_text(head + "\n".join(lines) + "\n")
    print(f"{lock.name}: {len(lines)} packages")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("pythons", nargs="+", help="interpreters to resolve under")
    parser.add_argument("--keep", action="store_true", help="keep the pinned versions")
    options = parser.parse_args()
    for name in LOCKS:
        refresh(name, options.pythons, keep=options.keep)


if __name__ == "__main__":
    main()
