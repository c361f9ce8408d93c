"""Where a solution can be changed: the statements that its author wrote and the starter does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assignments.bindings import bound_names, parse_cell
from assignments.mutation.change import heads_of, only_shows

_SKIPPED = ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal | ast.Assert | ast.Raise | ast.Delete | ast.Pass


@dataclass(frozen=True, eq=False)
class Site:
    """One statement. `scope` is the function or class around it ("Adam.__call__"), or "" in the cell itself; `names`
    are the global names that it, or the definition around it, binds; `root` is the outermost statement that it is part
    of. `given`: it stands in the starter just so."""

    scope: str
    statement: ast.stmt
    root: ast.stmt
    names: frozenset[str]
    given: bool


def sites_of(tree: ast.Module, starter: frozenset[tuple[str, str]]) -> Iterator[Site]:
    """All statements of a cell that can hold an answer, from top to bottom. `starter` is of `given_statements`."""
    for statement in tree.body:
        for scope, part in _within("", statement):
            names = bound_names(ast.unparse(statement))
            yield Site(scope, part, statement, names, (scope, head_text(part)) in starter)


def given_statements(cells: Sequence[str]) -> frozenset[tuple[str, str]]:
    """(scope, text) of every statement of the starter's code cells."""
    trees = [tree for tree in map(parse_cell, cells) if tree is not None]
    sites = [site for tree in trees for site in sites_of(tree, frozenset())]
    return frozenset((site.scope, head_text(site.statement)) for site in sites)


def head_text(statement: ast.stmt) -> str:
    """The statement without the statements inside it, in a form that ignores layout."""
    if isinstance(statement, ast.If | ast.While | ast.For | ast.With):
        return f"{type(statement).__name__} {' '.join(ast.unparse(part) for part in heads_of(statement))}"
    return ast.unparse(statement)


def definitions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    """The functions and classes that a cell defines, by name."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _within(scope: str, statement: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    if isinstance(statement, _SKIPPED) or only_shows(statement):
        return
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{statement.name}" if scope else statement.name
    else:
        yield scope, statement
    blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    for block in [*blocks, *(handler.body for handler in getattr(statement, "handlers", []))]:
        for part in _reached(block):
            yield from _within(scope, part)


def _reached(block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements up to the first that leaves the block: what follows is never run."""
    for statement in block:
        yield statement
        if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break):
            return
