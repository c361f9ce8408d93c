"""What is known of mutants from earlier runs: the same notebook under the same checks gets the same verdict."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from assignments.cases import load_cases
from assignments.loading import CHECKS, TOML
from assignments.metadata import Package

ROOT = Path(__file__).resolve().parents[3]
# Whose change may change a verdict.
ENGINE = (
    "assignments/*.py",
    "assignments/vocabulary/*.py",
    "reference/**/*.py",
    "reference/values/*.toml",
    "worker/pipeline/*.py",
    "worker/checker/**/*.py",
    "worker/kernels/*.py",
    "worker/sandbox/inside/**/*.py",
    "requirements/*.txt",
)


def default_folder() -> Path:
    """In the service's home folder ($GRADER_HOME, else `var`)."""
    return Path(os.environ.get("GRADER_HOME") or ROOT / "var").expanduser().resolve() / "cache" / "mutants"


class Cache:
    """One file an assignment and content; a file that cannot be read or written is as good as none."""

    def __init__(self, package: Package, folder: Path | None) -> None:
        self._path = folder / f"{package.slug}.json" if folder else None
        self._content = content_digest(package)
        self._known: dict[str, str] = {}
        if self._path and self._path.exists():
            try:
                data = json.loads(self._path.read_text(encoding="utf-8"))
                if data["content"] == self._content:
                    self._known = {str(k): str(v) for k, v in data["verdicts"].items()}
            except (OSError, ValueError, KeyError, AttributeError):
                self._known = {}

    def get(self, notebook: bytes) -> str | None:
        return self._known.get(_digest(notebook))

    def put(self, notebook: bytes, verdict: str) -> None:
        self._known[_digest(notebook)] = verdict

    def save(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(f".{os.getpid()}.new")
            new.write_text(json.dumps({"content": self._content, "verdicts": self._known}), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            return


def content_digest(package: Package) -> str:
    """Of all that decides a verdict but the notebook itself: checks, limits, data, typed answers and the engine."""
    digest = hashlib.sha256()
    folder = package.folder
    own = sorted(p for p in folder.rglob("*") if p.is_file() and "cases" not in p.relative_to(folder).parts)
    files = [p for p in own if p.name in {CHECKS, TOML} or p.suffix not in {".toml", ".ipynb", ".pyc"}]
    for pattern in ENGINE:
        files += sorted(ROOT.glob(pattern))
    for path in files:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    digest.update(package.starter_bytes())
    for case in load_cases(package):
        if case.name == "solution":
            digest.update(json.dumps(dict(case.answers), sort_keys=True).encode())
    return digest.hexdigest()


def _digest(notebook: bytes) -> str:
    return hashlib.sha256(notebook).hexdigest()
