"""Results of trials, kept in a file as they come: a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from tools.defences.defence import Defence
from tools.defences.trial import Result

READ = (".py", ".toml", ".tsv")  # files on which a result depends
FOLDERS = ("assignments", "reference", "tests", "worker")


def digest_of(root: Path) -> str:
    """Of everything that a trial may run."""
    found = hashlib.sha256()
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*") if path.suffix in READ):
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


class Kept:
    """`path`: a file of lines, or None to keep nothing."""

    def __init__(self, path: Path | None, root: Path) -> None:
        self._path = path
        self._tree = digest_of(root) if path is not None else ""
        self._results: dict[str, Result] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._results[entry["key"]] = Result(**entry["result"])

    def result(self, defence: Defence) -> Result | None:
        return self._results.get(self._key(defence))

    def add(self, defence: Defence, result: Result) -> None:
        if self._path is not None:
            entry = {"key": self._key(defence), "name": defence.name, "result": asdict(result)}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def _key(self, defence: Defence) -> str:
        return hashlib.sha256(f"{self._tree} {defence!r}".encode()).hexdigest()
