"""Cells that stop at an import of what is not installed here, though only some figure needs it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from assignments.bindings import parse_cell

LONGEST_SHOWN = 80  # characters of a statement


@dataclass(frozen=True)
class StoppedImport:
    """`rest` is what stands behind the import in its cell, with the other modules that the same statement names."""

    statement: str
    rest: str


def stopped_import(source: str, line: int, module: str) -> StoppedImport | None:
    """The import in this line (from 1) of a cell, which did not find `module`. None where there is no import on the
    top level of the cell, or nothing behind it."""
    tree = None if source.lstrip().startswith("%%") else parse_cell(source)
    statements = tree.body if tree is not None else []
    for place, node in enumerate(statements):
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno <= line <= _last_line(node):
            beside = [other for other in statements[place + 1 :] if other.lineno <= _last_line(node)]
            last = max(_last_line(statement) for statement in (node, *beside))
            behind = "\n".join(source.splitlines()[last:])
            rest = "\n".join([*_others(node, module), *map(ast.unparse, beside), behind])
            return StoppedImport(ast.unparse(node)[:LONGEST_SHOWN], rest) if rest.strip() else None
    return None


def _others(node: ast.Import | ast.ImportFrom, module: str) -> list[str]:
    """`import numpy as np` of `import seaborn as sns, numpy as np`, where seaborn is missing."""
    if isinstance(node, ast.ImportFrom) or len(node.names) == 1:
        return []
    kept = [alias for alias in node.names if alias.name.split(".")[0] != module.split(".")[0]]
    return [ast.unparse(ast.Import([alias])) for alias in kept] if len(kept) < len(node.names) else []


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
