"""Which names a cell binds: what tells at which moments of a notebook an answer may have changed."""

from __future__ import annotations

import ast
import functools
import re
import threading
import warnings
from collections.abc import Iterable
from typing import TypeAlias

Statements: TypeAlias = tuple[tuple[ast.stmt, frozenset[str]], ...]

_LONGEST_PARSED = 1_000_000  # characters; longer cells are data, and are read by the fallback
_LONGEST_REMEMBERED = 20_000  # characters: so the memory of cells stays below 40 MiB, whatever they are
_LONGEST_TREE_KEPT = 4_000  # characters: a tree takes some hundred bytes for each
_LONGEST_LINE = 400  # characters of a line that the fallback looks at
_PYTHON_CELL_MAGICS = {"time", "timeit", "capture", "prun", "debug", "python", "python3"}
_NO_NAMES_MAGICS = {"timeit", "prun", "python", "python3"}  # their body runs, but binds nothing in the notebook
_LINE_MAGIC = re.compile(r"^(\s*)(%|!|\?)")
_HELP = re.compile(r"^\s*[\w.%*]+\s*\?{1,2}\s*$")
_TIMED = re.compile(r"^(\s*)%time\s+(.+)$")
_ASSIGNED_MAGIC = re.compile(r"^([\w\s,()\[\]]+=)\s*[!%].*$")
_FALLBACK = re.compile(
    r"^[ \t]*(?:(?:async[ \t]+)?def[ \t]+(?P<def>\w+)|class[ \t]+(?P<class>\w+)"
    r"|(?P<targets>[A-Za-z_][\w \t,]{0,200}?)[ \t]*(?::[^=\n]{1,100})?(?:[-+*/%@&|^]|//|\*\*|<<|>>)?=(?!=))",
    re.MULTILINE,
)
_MOST_PARTS = 1_000
# Python 3.11's `ast.parse` keeps its depth in a place that all threads share: two at once end in a SystemError.
_PARSING = threading.Lock()
_SCOPES = {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
_LEAVES = {ast.Name, ast.Constant, ast.Pass}  # nothing below them binds anything
_BINDING = {
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Name, ast.Subscript),
    *(ast.Attribute, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
}  # all that `_bound_by` knows: most nodes need not be asked


def bound_names(source: str) -> frozenset[str]:
    """The global names that running `source` as a cell binds or changes by index or attribute (`w[0] = 1`).

    Names bound inside functions and classes are not global; names that `import *` brings are not known. Never
    raises: source that does not parse is searched line by line.
    """
    return _remembered(source) if len(source) <= _LONGEST_REMEMBERED else _bound_names(source)


def _bound_names(source: str) -> frozenset[str]:
    found = statements(source)
    if found is None:
        return _by_lines(source)
    return frozenset[str]().union(*(names for _, names in found))


# Several parts of one run ask for the same cells, and most cells of a notebook are the starter's.
_remembered = functools.lru_cache(maxsize=500)(_bound_names)


def statements(source: str) -> Statements | None:
    """The cell's own statements, each with the names that it binds; None where Python cannot parse the cell.

    The trees are shared: whoever wants to change one parses the cell."""
    return _lately(source) if len(source) <= _LONGEST_TREE_KEPT else _statements(source)


def _statements(source: str) -> Statements | None:
    tree = parse_cell(source)
    return None if tree is None else tuple((statement, bound_by([statement])) for statement in tree.body)


# The names of a cell are asked for first, and its statements right after.
_lately = functools.lru_cache(maxsize=32)(_statements)


def bound_by(statements: Iterable[ast.stmt]) -> frozenset[str]:
    """The same for parsed statements."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind in _BINDING:
            names |= _bound_by(node)
        if kind is ast.comprehension:
            assert isinstance(node, ast.comprehension)
            waiting += [node.iter, *node.ifs]  # its loop variable lives in a scope of its own
        elif kind not in _SCOPES and kind not in _LEAVES:
            waiting.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def parse_cell(source: str) -> ast.Module | None:
    """The cell's syntax tree with magics taken out, or None where Python cannot parse it. Never raises."""
    if len(source) > _LONGEST_PARSED:
        return None
    # Only what fails to parse can hold magics; a `%` line inside a string is then left alone.
    tree = _parsed(source)
    return _parsed(strip_magics(source)) if tree is None else tree


def _parsed(text: str) -> ast.Module | None:
    if _has_giant_name(text):
        return None
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _has_giant_name(text: str) -> bool:
    """Python needs seconds for `import a.a.a…` of tens of thousands of parts, for the time grows with their square."""
    if text.count(".") < _MOST_PARTS or "import" not in text:
        return False
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\\\n", "").split("\n")
    return any(line.count(".") >= _MOST_PARTS and "import" in line for line in lines)


def strip_magics(source: str) -> str:
    """IPython's additions replaced by Python that binds the same names; line numbers stay as they are."""
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        magic = lines[first].lstrip()[2:].split(maxsplit=1)
        if not magic or magic[0] not in _PYTHON_CELL_MAGICS or magic[0] in _NO_NAMES_MAGICS:
            return ""
        lines[first] = ""
    return "\n".join(_dedented([_plain_line(line) for line in lines]))


def _plain_line(line: str) -> str:
    timed = _TIMED.match(line)
    if timed:
        return timed.group(1) + timed.group(2)
    if _LINE_MAGIC.match(line) or _HELP.match(line):
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}pass"
    return _ASSIGNED_MAGIC.sub(r"\1 None", line)


def _dedented(lines: list[str]) -> list[str]:
    """IPython runs a cell whose first line is indented; so the indent of that line is taken off all lines."""
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return [line.removeprefix(indent) for line in lines] if indent else lines


def _bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names if alias.name != "*"}
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        return {node.id}
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        return _root(node)
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return {node.name} if node.name else set()
    if isinstance(node, ast.MatchMapping):
        return {node.rest} if node.rest else set()
    return set()


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _by_lines(source: str) -> frozenset[str]:
    names: set[str] = set()
    # Lines are cut so that no line, however long, makes the search slow.
    for match in _FALLBACK.finditer("\n".join(line[:_LONGEST_LINE] for line in source.splitlines())):
        found = match.group("def") or match.group("class")
        targets = [found] if found else match.group("targets").split(",")
        names |= {target.strip() for target in targets if target.strip().isidentifier()}
    return frozenset(names)
