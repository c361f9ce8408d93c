"""A change of one expression, and what the operators need to read of a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

OUTPUT_ROOTS = {"print", "plt", "ax", "axs", "axes", "fig", "display", "axis"}
AXES = {"axis", "dim"}
OUTPUT_WORDS = ("plot", "draw", "show", "print")


@dataclass(frozen=True)
class Change:
    """`text` takes the place of `node`'s own text."""

    operator: str
    node: ast.AST
    text: str


def text_of(node: ast.AST) -> str:
    """The node as source that can stand anywhere in an expression."""
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript) else f"({text})"


def called_name(node: ast.AST) -> str:
    """The last part of what a call calls: `sum` of `np.sum(x)` and of `x.sum()`; "" where there is no such name."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_text(node: ast.AST) -> bool:
    """A string, also one put together from parts."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def only_shows(statement: ast.stmt) -> bool:
    """Prints or draws, and computes nothing that could be an answer."""
    if isinstance(statement, ast.If | ast.For | ast.With):
        return all(only_shows(part) for part in [*statement.body, *getattr(statement, "orelse", [])])
    if isinstance(statement, ast.Assign) and called_name(statement.value) in {"subplots", "figure"}:
        return True
    if not isinstance(statement, ast.Expr):
        return isinstance(statement, ast.Pass)
    node = statement.value
    if isinstance(node, ast.Constant):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = called_name(node).lower()
    root: ast.AST = node
    while isinstance(root, ast.Call | ast.Attribute | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    return (isinstance(root, ast.Name) and root.id in OUTPUT_ROOTS) or any(word in name for word in OUTPUT_WORDS)


def parts_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement from the outside in; not the statements inside it, nor annotations, nor what
    is called or stored into by name."""
    waiting: list[ast.AST] = list(reversed(list(heads_of(statement))))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            continue  # a negative number is one number
        if isinstance(node, ast.keyword) and node.arg in AXES:
            continue  # has an operator of its own
        if not isinstance(node, ast.JoinedStr):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def heads_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """The outermost expressions of a statement that can hold an answer."""
    if isinstance(statement, ast.Assign):
        yield from (target for target in statement.targets if isinstance(target, ast.Subscript))
        yield statement.value
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr):
        if statement.value is not None:
            yield statement.value
    elif isinstance(statement, ast.If | ast.While):
        yield statement.test
    elif isinstance(statement, ast.For):
        yield statement.iter
