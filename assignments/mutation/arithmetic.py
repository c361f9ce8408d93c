"""Slips of algebra: signs, terms, factors, powers, numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assignments.mutation.change import Change, is_text, text_of

SMALLEST = 1e-5  # a number below is a guard against zero or a step width, and no part of an answer

_SYMBOLS = {ast.Div: "/", ast.FloorDiv: "//", ast.MatMult: "@"}


def of_arithmetic(node: ast.AST) -> Iterator[Change]:
    """Changes of an operation with two sides, or of a sign."""
    if isinstance(node, ast.BinOp):
        if not (is_text(node.left) or is_text(node.right)):
            yield from (Change(operator, node, text) for operator, text in _of_two(node))
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            yield Change("sign", node, text_of(node.operand))
        elif isinstance(node.op, ast.Not):
            yield Change("comparison", node, text_of(node.operand))


def _of_two(node: ast.BinOp) -> Iterator[tuple[str, str]]:
    left, right = text_of(node.left), text_of(node.right)
    symbol = _SYMBOLS.get(type(node.op), "")
    lists = isinstance(node.left, ast.List | ast.Tuple) or isinstance(node.right, ast.List | ast.Tuple)
    if isinstance(node.op, ast.Add) and _is_guard(node.right):
        yield "dropped-term", right  # without it, or with another sign, the result is the same but for the last digits
    elif isinstance(node.op, ast.Add):
        if not lists:
            yield "sign", f"({left} - {right})"
        yield "dropped-term", left
        yield "dropped-term", right
    elif isinstance(node.op, ast.Sub):
        yield "sign", f"({left} + {right})"
        yield "dropped-term", left
    elif isinstance(node.op, ast.Mult):
        if not lists:
            yield "dropped-factor", left
            yield "dropped-factor", right
    elif isinstance(node.op, ast.Div | ast.FloorDiv):
        yield "dropped-factor", left
        yield "swapped", f"({right} {symbol} {left})"
    elif isinstance(node.op, ast.MatMult):
        yield "swapped", f"({right} {symbol} {left})"
    elif isinstance(node.op, ast.Pow):
        yield "power", left


def _is_guard(node: ast.AST) -> bool:
    """A tiny number that keeps from dividing by zero."""
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and abs(node.value) < SMALLEST


def of_number(node: ast.AST) -> Iterator[Change]:
    """Whole numbers off by one, others off by a factor, yes for no."""
    value = _number(node)
    if isinstance(value, bool):
        yield Change("flag", node, str(not value))
    elif isinstance(value, int):
        yield Change("off-by-one", node, _shown(value + 1))
        if value != 0:
            yield Change("off-by-one", node, _shown(value - 1))
    elif isinstance(value, float) and (value == 0 or abs(value) >= SMALLEST):
        yield Change("factor-2", node, _shown(2 * value) if value else "1.0")


def _number(node: ast.AST) -> bool | int | float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        value = node.operand.value
        return -value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return None


def _shown(value: float) -> str:
    return str(value) if value >= 0 else f"({value})"


def of_comparison(node: ast.AST) -> Iterator[Change]:
    """Comparisons turned round, `and` for `or`."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield Change("comparison", node, f"(not {text_of(node)})" if _is_plain(node) else _turned(node))
    elif isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield Change("comparison", node, f"({word.join(text_of(value) for value in node.values)})")


def _is_plain(node: ast.Compare) -> bool:
    return isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn)


def _turned(node: ast.Compare) -> str:
    """Not `not (a < b)`: arrays are compared entry by entry."""
    other = {ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "=="}[type(node.ops[0])]
    return f"({text_of(node.left)} {other} {text_of(node.comparators[0])})"
