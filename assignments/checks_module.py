"""The module of an assignment's `checks.py`: from its text to check functions. Nothing heavy is imported here."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from assignments.errors import PackageError
from assignments.vocabulary.registry import checks_of


def compile_checks(source: bytes, path: Path) -> CodeType:
    """Raises PackageError for a text that is no Python."""
    try:
        return compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise PackageError(path, f"is not valid Python: {error.msg}", line=error.lineno) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise PackageError(path, f"cannot be compiled: {error}") from error


def run_checks_module(code: CodeType, path: Path, name: str) -> ModuleType:
    """The module that `code` makes. Raises PackageError for whatever it raises."""
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and typing look their module up
    try:
        exec(code, module.__dict__)  # noqa: S102  what this file is for
    except Exception as error:  # whatever an instructor's module raises
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = lines[-1] if lines else None
        raise PackageError(path, f"fails on import: {type(error).__name__}: {error}", line=line) from error
    return module


def check_functions(module: ModuleType, path: Path, wanted: Iterable[str]) -> dict[str, FunctionType]:
    """A function for each of the keys `wanted`, in their order. Raises PackageError if one is missing or left over."""
    functions, keys = checks_of(module), list(wanted)
    for key, function in functions.items():
        if key not in keys:
            line = function.__code__.co_firstlineno
            raise PackageError(path, "assignment.toml has no such check", line=line, key=key)
    missing = [key for key in keys if key not in functions]
    if missing:
        raise PackageError(path, f'no function is marked @check("{missing[0]}")', key=missing[0])
    return {key: functions[key] for key in keys}
