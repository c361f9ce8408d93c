"""Small notebooks made on the spot."""

from __future__ import annotations

import json


def notebook(*sources: str, language: str = "python") -> bytes:
    """A version 4.5 notebook with one code cell per source."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernelspec = {"name": "python3" if language == "python" else language, "display_name": language}
    metadata = {"kernelspec": {**kernelspec, "language": language}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


def appended(original: bytes, *sources: str, at: int | None = None) -> bytes:
    """`original` with code cells added at its end, or before the cell number `at`."""
    data = json.loads(original)
    added = json.loads(notebook(*sources))["cells"]
    for number, cell in enumerate(added):
        cell["id"] = f"added-{number}"
    position = len(data["cells"]) if at is None else at
    data["cells"][position:position] = added
    return json.dumps(data).encode()
