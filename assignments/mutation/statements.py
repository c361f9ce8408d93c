"""Slips of whole statements: the result negated, scaled, never filled in; a step left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assignments.mutation.change import Change, called_name, is_text, text_of

_RESULTS = (("sign", "-{}"), ("factor-2", "2 * {}"), ("factor-half", "0.5 * {}"), ("constant", "0 * {}"))
_OPPOSITE = {ast.Add: "-=", ast.Sub: "+=", ast.Mult: "/=", ast.Div: "*="}


def of_result(statement: ast.stmt) -> Iterator[Change]:
    """What is returned or assigned as a whole, of the wrong sign or size, or zero."""
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Tuple):
        for part in value.elts:
            if _can_be_scaled(part):
                yield Change("sign", part, f"(-{text_of(part)})")
                yield Change("constant", part, f"(0 * {text_of(part)})")
    elif isinstance(value, ast.expr) and _can_be_scaled(value):
        # Twice a tuple is a longer tuple: what is unpacked is changed value by value.
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        unpacked = any(isinstance(target, ast.Tuple | ast.List) for target in targets)
        for operator, form in _RESULTS:
            text = f"[{form.format('_v')} for _v in {text_of(value)}]" if unpacked else form.format(text_of(value))
            yield Change(operator, value, text)


def of_statement(statement: ast.stmt) -> Iterator[Change]:
    """A step taken the other way or left out, a loop that ends early, a condition turned round."""
    if isinstance(statement, ast.AugAssign):
        yield Change("dropped-step", statement, "pass")
        opposite = _OPPOSITE.get(type(statement.op))
        if opposite:
            target, value = ast.unparse(statement.target), ast.unparse(statement.value)
            yield Change("sign", statement, f"{target} {opposite} {value}")
    elif _is_step(statement):
        yield Change("dropped-step", statement, "pass")
    elif isinstance(statement, ast.For) and called_name(statement.iter) != "range":
        yield Change("loop-bound", statement.iter, f"list({ast.unparse(statement.iter)})[:-1]")
    elif isinstance(statement, ast.If) and not isinstance(statement.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield Change("comparison", statement.test, f"not {text_of(statement.test)}")


def _can_be_scaled(value: ast.expr) -> bool:
    if is_text(value) or isinstance(
        value, ast.Lambda | ast.Dict | ast.List | ast.ListComp | ast.Set | ast.GeneratorExp
    ):
        return False
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float) and not isinstance(value.value, bool) and value.value != 0
    # An object of a class is no number.
    return not called_name(value)[:1].isupper()


def _is_step(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
