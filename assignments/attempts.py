"""Whether a student has touched what the starter notebook left to fill in."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Sequence

from assignments.bindings import LONGEST_REMEMBERED, bound_by, bound_names, parse_cell


def is_attempted(starter: Sequence[str], student: Sequence[str], names: Iterable[str]) -> bool:
    """False where every watched name is defined by the student exactly as by the starter.

    `starter` and `student` are the sources of the code cells. Comments, docstrings and formatting do not count
    as an attempt; a name that the starter never defines, or that the student no longer defines, is not judged
    here (True).
    """
    watched = tuple(names)
    return not watched or any(_touched(starter, student, name) for name in watched)


def not_attempted_message(names: Sequence[str]) -> str:
    """The sentence for the student."""
    listed = ", ".join(f"`{name}`" for name in names)
    verb = "is" if len(names) == 1 else "are"
    return f"Not attempted: {listed} {verb} still as in the starter notebook."


def _touched(starter: Sequence[str], student: Sequence[str], name: str) -> bool:
    given = _given(tuple(starter), name)
    written = _definitions(student, name)
    if not given or None in given or not written:
        return True
    return not written <= given


@functools.lru_cache(maxsize=1_000)
def _given(starter: tuple[str, ...], name: str) -> frozenset[str | None]:
    """Starters are few, and each is compared with every submission."""
    return frozenset(_definitions(starter, name))


def _definitions(cells: Sequence[str], name: str) -> set[str | None]:
    """Each statement that binds `name`, in a form that ignores layout; None for what cannot be read."""
    found: set[str | None] = set()
    for source in cells:
        if name in source and name in bound_names(source):
            found |= (_remembered if len(source) <= LONGEST_REMEMBERED else _shapes)(source, name)
    return found


def _shapes(source: str, name: str) -> frozenset[str | None]:
    tree = parse_cell(source)
    if tree is None:
        return frozenset({None})
    return frozenset(_shape(statement) for statement in tree.body if name in bound_by([statement]))


# Most cells of a notebook are the starter's.
_remembered = functools.lru_cache(maxsize=500)(_shapes)


def _shape(statement: ast.stmt) -> str | None:
    try:
        for node in ast.walk(statement):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [part for part in body if not _is_remark(part)]  # type: ignore[attr-defined]
        return hashlib.sha256(ast.dump(statement).encode("utf-8", "surrogatepass")).hexdigest()  # short to remember
    except (RecursionError, MemoryError):
        return None


def _is_remark(node: ast.AST) -> bool:
    """Docstrings, bare constants and `pass`: they do nothing."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
