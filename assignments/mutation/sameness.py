"""Changes that provably change nothing."""

from __future__ import annotations

import ast
import warnings
from types import CodeType
from typing import Any


def compiled(source: str) -> object | None:
    """What the interpreter makes of a cell, without line numbers; None where it is not Python.

    Two cells with equal results do the same: constants are folded and dead branches gone.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _stripped(compile(source, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _stripped(code: CodeType) -> tuple[Any, ...]:
    constants = tuple(_stripped(c) if isinstance(c, CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_name, code.co_code, constants, names, code.co_argcount, code.co_kwonlyargcount, code.co_flags)


def never_read(function: ast.AST, statement: ast.stmt) -> bool:
    """`statement` gives a value to local names that nothing in `function` reads afterwards or before."""
    if not isinstance(statement, ast.Assign) or not all(isinstance(t, ast.Name) for t in statement.targets):
        return False
    stored = {target.id for target in statement.targets if isinstance(target, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in stored and not isinstance(node.ctx, ast.Store):
            return False
        if isinstance(node, ast.Global | ast.Nonlocal) and stored & set(node.names):
            return False
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in stored:
            return False
    return True
