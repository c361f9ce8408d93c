"""All mutants of a solution."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assignments.bindings import parse_cell, strip_magics
from assignments.mutation.arithmetic import of_arithmetic, of_comparison, of_number
from assignments.mutation.calls import of_axis, of_call, of_index
from assignments.mutation.change import Change, parts_of
from assignments.mutation.mutant import Mutant
from assignments.mutation.sameness import compiled, never_read
from assignments.mutation.sites import Site, definitions, given_statements, head_text, sites_of
from assignments.mutation.statements import of_result, of_statement

OPERATORS = (of_arithmetic, of_comparison, of_number, of_call, of_axis, of_index)


def mutants_of(
    solution: Sequence[Any], starter: Sequence[Any], watched: frozenset[str], keep: frozenset[int] | None = None
) -> list[Mutant]:
    """One mutant for every single change, in the order of the notebook; none twice, none that provably changes nothing.

    `solution` and `starter` are the notebooks' cells, `watched` the names that checks look at; only the cells in `keep`
    are changed where it is given.
    """
    starter_code = [cell["source"] for cell in starter if cell["cell_type"] == "code"]
    given = given_statements(starter_code)
    placeholders = _placeholders(starter_code)
    seen: Counter[str] = Counter()
    found: list[Mutant] = []
    for index, cell in enumerate(solution):
        if cell["cell_type"] == "code" and (keep is None or index in keep):
            found += _of_cell(index, cell["source"], given, placeholders, watched, seen)
    return found


def _of_cell(
    index: int,
    source: str,
    given: frozenset[tuple[str, str]],
    placeholders: dict[str, str],
    watched: frozenset[str],
    seen: Counter[str],
) -> Iterator[Mutant]:
    text, tree = readable(source)
    if tree is None:
        return
    done = {compiled(text)}
    for site, change in _changes(tree, given, placeholders, watched):
        changed = replaced(text, change.node, change.text)
        code = compiled(changed)
        if code is None or code in done:
            continue
        done.add(code)
        name = _id(site.scope, change, site.statement)
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name}-{seen[name]}"  # the same line stands more than once in this scope
        line = getattr(change.node, "lineno", 1)
        yield Mutant(name, change.operator, site.scope, index, line, site.names, text, changed)


def readable(source: str) -> tuple[str, ast.Module | None]:
    """The cell as plain Python, and its tree."""
    for text in (source, strip_magics(source)):
        try:
            return text, ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return source, None


def _changes(
    tree: ast.Module, given: frozenset[tuple[str, str]], placeholders: dict[str, str], watched: frozenset[str]
) -> Iterator[tuple[Site, Change]]:
    for name, node in definitions(tree).items():
        if name in watched and name in placeholders:
            yield Site(name, node, node, frozenset({name}), False), Change("constant", node, placeholders[name])
    for site in sites_of(tree, given):
        if site.scope and never_read(site.root, site.statement):
            continue
        if _is_result(site, watched):
            yield from ((site, change) for change in of_result(site.statement))
        if site.given:
            continue
        yield from ((site, change) for change in of_statement(site.statement))
        for part in parts_of(site.statement):
            for operator in OPERATORS:
                yield from ((site, change) for change in operator(part))


def _is_result(site: Site, watched: frozenset[str]) -> bool:
    """What a watched function returns is its answer, also where the line itself is given."""
    answers = bool(site.names & watched)
    if site.scope:
        return isinstance(site.statement, ast.Return) and (answers or not site.given)
    return isinstance(site.statement, ast.Assign) and answers and not site.given


def _placeholders(starter: Sequence[str]) -> dict[str, str]:
    """The starter's own definitions, by name."""
    trees = [tree for tree in map(parse_cell, starter) if tree is not None]
    return {name: ast.unparse(node) for tree in trees for name, node in definitions(tree).items()}


def replaced(source: str, node: ast.AST, text: str) -> str:
    """`source` with `text` where `node` stands. Positions in a tree are bytes of UTF-8."""
    lines = source.encode().split(b"\n")
    first, last = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
    before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]  # type: ignore[attr-defined]
    return b"\n".join([*lines[:first], before + text.encode() + after, *lines[last + 1 :]]).decode()


def _id(scope: str, change: Change, statement: ast.stmt) -> str:
    """Of what is changed into what, and in which statement: not of where that stands."""
    inside = [node for node in ast.walk(statement) if type(node) is type(change.node)]
    place = next((i for i, node in enumerate(inside) if node is change.node), 0)
    parts = (head_text(statement), type(change.node).__name__, str(place), change.text)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{scope or 'cell'}:{change.operator}:{digest}"
