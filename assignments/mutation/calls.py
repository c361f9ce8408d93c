"""Slips in calls, indices and loops: another function, another axis, swapped arguments, one step too few."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from assignments.mutation.change import AXES, Change, called_name, text_of

# What is taken for what, by the last part of the name.
OTHERS = {
    "sum": ("mean-sum", ["mean"]),
    "nansum": ("mean-sum", ["nanmean"]),
    "mean": ("mean-sum", ["sum"]),
    "prod": ("mean-sum", ["sum"]),
    "max": ("extreme", ["min"]),
    "min": ("extreme", ["max"]),
    "maximum": ("extreme", ["minimum"]),
    "minimum": ("extreme", ["maximum"]),
    "argmax": ("extreme", ["argmin"]),
    "argmin": ("extreme", ["argmax"]),
    "std": ("sqrt-dropped", ["var"]),
    "var": ("sqrt-dropped", ["std"]),
    "log": ("log-base", ["log10", "log2"]),
    "log10": ("log-base", ["log"]),
    "log2": ("log-base", ["log"]),
    "sin": ("function", ["cos"]),
    "cos": ("function", ["sin"]),
    "zeros": ("constant", ["ones"]),
    "ones": ("constant", ["zeros"]),
    "zeros_like": ("constant", ["ones_like"]),
    "ones_like": ("constant", ["zeros_like"]),
    "log_softmax": ("function", ["softmax"]),
}
# What is left out, so that its argument is the result.
DROPPED = {"sqrt": "sqrt-dropped", "abs": "function", "square": "power", "exp": "function", "transpose": "transposed"}
DROPPED |= {"reversed": "function", "sorted": "function", "cumsum": "function", "softmax": "function"}
BUILTIN_OTHERS = {"max", "min"}
# The order of the first two does not matter, or is none that a student mistakes.
SYMMETRIC = {"maximum", "minimum", "add", "multiply", "isclose", "allclose", "zip", "einsum", "print", "range", "round"}
SYMMETRIC |= {
    "isinstance",
    "getattr",
    "hasattr",
    "max",
    "min",
    "sum",
    "reshape",
    "view",
    "size",
    "permute",
    "Sequential",
}


def of_call(node: ast.AST) -> Iterator[Change]:
    """Changes of one call."""
    if not isinstance(node, ast.Call):
        return
    name = called_name(node)
    built_in = isinstance(node.func, ast.Name)
    if name in OTHERS and (not built_in or name in BUILTIN_OTHERS):
        operator, others = OTHERS[name]
        yield from (Change(operator, node.func, _renamed(node.func, other)) for other in others)
    if name in DROPPED:
        inner = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        if inner is not None:
            # What comes out can be indexed like what went in.
            yield Change(DROPPED[name], node, f"list({ast.unparse(inner)})" if built_in else text_of(inner))
    if built_in and name == "range":
        yield from _of_range(node)
    if len(node.args) >= 2 and name not in SYMMETRIC and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        yield from _swapped(node)


def _renamed(function: ast.expr, other: str) -> str:
    return f"{text_of(function.value)}.{other}" if isinstance(function, ast.Attribute) else other


def _swapped(node: ast.Call) -> Iterator[Change]:
    first, second = node.args[:2]
    if ast.dump(first) == ast.dump(second) or any(isinstance(a, ast.Constant | ast.Lambda) for a in (first, second)):
        return
    other = copy.copy(node)
    other.args = [second, first, *node.args[2:]]
    yield Change("swapped", node, ast.unparse(other))


def _of_range(node: ast.Call) -> Iterator[Change]:
    texts = [text_of(argument) for argument in node.args]
    if len(texts) == 1:
        yield Change("loop-bound", node, f"range({texts[0]} - 1)")
        yield Change("loop-bound", node, f"range(1, {texts[0]})")
    elif len(texts) >= 2:
        rest = f", {texts[2]}" if len(texts) > 2 else ""
        back = texts[2:] and texts[2].startswith(("-", "(-"))
        fewer, later = ("+ 1", "- 1") if back else ("- 1", "+ 1")
        yield Change("loop-bound", node, f"range({texts[0]}, {texts[1]} {fewer}{rest})")
        yield Change("loop-bound", node, f"range({texts[0]} {later}, {texts[1]}{rest})")


def of_axis(node: ast.AST) -> Iterator[Change]:
    """`axis=0` for `axis=1` and the like."""
    if not isinstance(node, ast.keyword) or node.arg not in AXES:
        return
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, int):
        yield Change("axis", node.value, str(node.value.value - 1 if node.value.value > 0 else 1))
    elif isinstance(node.value, ast.UnaryOp):
        yield Change("axis", node.value, "0")


def of_index(node: ast.AST) -> Iterator[Change]:
    """A transposition left out; the entry before."""
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield Change("transposed", node, text_of(node.value))
    elif isinstance(node, ast.Subscript):
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for place in places:
            bounds = (place.lower, place.upper) if isinstance(place, ast.Slice) else (place,)
            for bound in bounds:
                if isinstance(bound, ast.Name):
                    yield Change("off-by-one", bound, f"{bound.id} - 1")
