"""The functions of a solved notebook, and the source that each of them needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assignments.bindings import parse_cell
from assignments.drafting.cells import Cell

# What the process that compares has; a function that needs more cannot be its own reference there.
AVAILABLE = {"numpy", "math", "cmath", "itertools", "functools", "collections", "statistics", "random"}
MOST_PARAMETERS = 4


class DraftError(ValueError):
    """No draft can be made of this notebook. The text says why and what to do."""


@dataclass(frozen=True)
class Function:
    """`parameters` are those without a default; `source` is the function with all that it needs of the notebook."""

    name: str
    parameters: tuple[str, ...]
    cell: int
    source: str


def functions_of(cells: Sequence[Cell], wanted: Sequence[str]) -> list[Function]:
    """The functions that become questions: the `wanted` ones, or all that return something. Raises DraftError."""
    statements = list(_top_level(cells))
    found = {s.name: (i, s) for i, s in statements if isinstance(s, ast.FunctionDef)}
    names = list(wanted) or [name for name, (_, node) in found.items() if _returns(node)]
    if not names:
        raise DraftError(
            "the notebook defines no function that returns something; checks of variables are yours to write"
        )
    functions = []
    for name in names:
        if name not in found:
            raise DraftError(
                f"the notebook defines no function {name!r}; it defines {', '.join(sorted(found)) or 'none'}"
            )
        cell, node = found[name]
        functions.append(Function(name, _parameters(node), cell, _closure(name, [s for _, s in statements])))
    return functions


def emptied(source: str, names: Sequence[str]) -> str:
    """A cell with the bodies of these functions taken out."""
    tree = parse_cell(source)
    if tree is None:
        return source
    lines = source.splitlines()
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            first, last = body[0].lineno, node.end_lineno or body[-1].lineno
            indent = " " * body[0].col_offset
            lines[first - 1 : last] = [f"{indent}# TODO: write this function.", f"{indent}return 0"]
    return "\n".join(lines)


def _top_level(cells: Sequence[Cell]) -> Iterator[tuple[int, ast.stmt]]:
    for index, (kind, source) in enumerate(cells):
        tree = parse_cell(source) if kind == "code" else None
        for statement in tree.body if tree is not None else []:
            yield index, statement


def _returns(node: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))


def _parameters(node: ast.FunctionDef) -> tuple[str, ...]:
    names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
    required = names[: len(names) - len(node.args.defaults)]
    if node.args.vararg or [d for d in node.args.kw_defaults if d is None] or not required:
        raise DraftError(
            f"{node.name}: only functions with plain arguments can be drafted; leave it out with --function"
        )
    if len(required) > MOST_PARAMETERS:
        raise DraftError(f"{node.name} takes {len(required)} arguments; a draft is made for at most {MOST_PARAMETERS}")
    return tuple(required)


def _closure(name: str, statements: Sequence[ast.stmt]) -> str:
    """The statements that the function needs, in their order."""
    needed, kept = {name}, set[int]()
    while True:
        more = {i for i, s in enumerate(statements) if i not in kept and _binds(s) & needed}
        if not more:
            break
        kept |= more
        for i in more:
            needed |= {n.id for n in ast.walk(statements[i]) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for i in kept:
        _require_available(name, statements[i])
    return "\n".join(ast.unparse(statements[i]) for i in sorted(kept))


def _binds(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return set()


def _require_available(name: str, statement: ast.stmt) -> None:
    modules = []
    if isinstance(statement, ast.Import):
        modules = [alias.name for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom):
        modules = [statement.module or ""]
    for module in modules:
        if module.split(".")[0] not in AVAILABLE:
            raise DraftError(
                f"{name} needs {module}, which the process that compares does not have: pick other functions with "
                "--function, and write its check by hand with a reference in NumPy"
            )
