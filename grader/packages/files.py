"""What a version keeps of its package's files, so that versions can be compared when the files have long changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from assignments.digest import package_files
from assignments.metadata import Package
from assignments.notebooks import NotebookRejected, read_notebook

MOST_TEXT = 200_000  # characters of one file; of a longer one it is only known whether it changed


def files_of(package: Package) -> dict[str, Any]:
    """By path: `sha256`, and `text` where the file is text. Of a notebook the text is that of its cells."""
    found = {}
    for path in package_files(package.folder):
        data = path.read_bytes()
        kept = {"sha256": hashlib.sha256(data).hexdigest()}
        if (text := _text(path, data)) is not None and len(text) <= MOST_TEXT:
            kept["text"] = text
        found[path.relative_to(package.folder).as_posix()] = kept
    return found


def _text(path: Path, data: bytes) -> str | None:
    if path.suffix == ".ipynb":
        try:
            cells = read_notebook(data).cells
        except NotebookRejected:
            return None
        return "\n".join(f"--- {cell.cell_type} cell {i}\n{cell.source}" for i, cell in enumerate(cells, 1))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
