"""Whether a student has touched what the starter notebook left to fill in."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Sequence
from typing import Any

from assignments.bindings import bound_names, statements


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
    if not given:
        return True
    written = [source for source in student if _defines(source, name)]
    if not written:
        return True
    # Most cells of a notebook are the starter's, to the letter.
    return any(source not in starter and _differs(source, name, given) for source in written)


@functools.lru_cache(maxsize=1_000)
def _given(starter: tuple[str, ...], name: str) -> tuple[ast.stmt, ...]:
    """The starter's statements that bind `name`; none where one of its cells cannot be read. Starters are few, and each
    is compared with every submission."""
    found: list[ast.stmt] = []
    for source in starter:
        if _defines(source, name):
            read = statements(source)
            if read is None:
                return ()
            found += [statement for statement, names in read if name in names]
    return tuple(found)


def _defines(source: str, name: str) -> bool:
    return name in source and name in bound_names(source)


def _differs(source: str, name: str, given: Sequence[ast.stmt]) -> bool:
    read = statements(source)
    if read is None:
        return True
    mine = [statement for statement, names in read if name in names]
    return not all(any(same_code(statement, one) for one in given) for statement in mine)


def same_code(one: ast.AST, other: ast.AST) -> bool:
    """Whether two trees mean the same, wherever they stand: remarks in bodies do not count."""
    waiting: list[tuple[Any, Any]] = [(one, other)]
    while waiting:
        a, b = waiting.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, ast.AST):
            waiting += [(_field(a, name), _field(b, name)) for name in a._fields]
        elif isinstance(a, list):
            if len(a) != len(b):
                return False
            waiting += zip(a, b, strict=True)
        elif a != b:
            return False
    return True


def _field(node: ast.AST, name: str) -> Any:
    value = getattr(node, name, None)
    return [part for part in value if not _is_remark(part)] if name == "body" and isinstance(value, list) else value


def _is_remark(node: ast.AST) -> bool:
    """Docstrings, bare constants and `pass`: they do nothing."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
