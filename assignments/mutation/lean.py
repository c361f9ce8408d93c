"""The cells of a solution that its answers need; a notebook of these alone runs in a fraction of the time."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator, Sequence
from typing import Any

from assignments.bindings import bound_names, parse_cell
from assignments.mutation.change import only_shows


def needed_cells(cells: Sequence[Any], functions: frozenset[str], variables: frozenset[str]) -> frozenset[int]:
    """The positions of the code cells that define what checks look at, and what those cells use in turn.

    `variables` are watched names that hold values: a cell that only uses one may change it (`optimizer.step()`), so
    it is needed too. An estimate: whoever uses it grades the lean solution first and sees that it still gets what
    it must.
    """
    trees = {i: parse_cell(cell["source"]) for i, cell in enumerate(cells) if cell["cell_type"] == "code"}
    binds = {i: bound_names(cells[i]["source"]) for i in trees}
    uses = {i: _names_used(tree) for i, tree in trees.items()}
    always = {
        i
        for i, tree in trees.items()
        if tree is None or any(isinstance(s, ast.ImportFrom | ast.Import) for s in tree.body)
    }
    kept = always | {i for i in trees if binds[i] & (functions | variables)}
    kept |= {i for i, tree in trees.items() if uses[i] & variables and tree is not None and not _shows_only(tree)}
    while True:
        wanted = frozenset[str]().union(*(uses[i] for i in kept))
        more = {i for i in trees if i not in kept and binds[i] & wanted}
        if not more:
            return frozenset(kept)
        kept |= more


def _names_used(tree: ast.Module | None) -> frozenset[str]:
    """The global names that it reads, also inside functions, whose own names are not meant. Only of statements that do
    something: what is printed needs nothing."""
    if tree is None:
        return frozenset()
    does = [statement for statement in tree.body if not only_shows(statement)]
    return frozenset(_read_by(symtable.symtable(ast.unparse(ast.Module(does, [])), "<cell>", "exec")))


def _read_by(scope: symtable.SymbolTable) -> Iterator[str]:
    outermost = scope.get_type() == "module"
    yield from (s.get_name() for s in scope.get_symbols() if s.is_referenced() and (outermost or s.is_global()))
    for inner in scope.get_children():
        yield from _read_by(inner)


def _shows_only(tree: ast.Module) -> bool:
    return all(only_shows(statement) for statement in tree.body)
