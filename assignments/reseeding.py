"""The same notebook with other seeds: how much of a result is luck."""

from __future__ import annotations

import re

import nbformat

from assignments.notebooks import code_cells, read_notebook

_SEED = re.compile(
    r"\b((?:manual_seed|manual_seed_all|set_seed|seed_everything|set_random_seed|default_rng|RandomState|seed)\(\s*)"
    r"(\d{1,9})(\s*\))"
)


def reseeded(data: bytes, shift: int) -> tuple[bytes, int]:
    """The notebook with `shift` added to every seed that is written as a number, and how many there are.

    Without any, its random numbers differ from run to run by themselves. Raises NotebookRejected.
    """
    notebook = read_notebook(data)
    found = 0
    for cell in code_cells(notebook):
        cell.source, count = _SEED.subn(lambda m: f"{m[1]}{int(m[2]) + shift}{m[3]}", cell.source)
        found += count
    return nbformat.writes(notebook).encode(), found  # type: ignore[no-untyped-call]
