"""An `Ask` that runs OUR OWN notebooks in this process, for fast tests of checks.

It has none of the real kernel's walls and must never see a student's notebook.
"""

from __future__ import annotations

import copy
import difflib
import math
import sys
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any
from unittest.mock import MagicMock, patch

import numpy as np

from assignments.asking import Call, Got, Missing, NotCallable, Raised, Reply
from assignments.bindings import strip_magics
from assignments.notebooks import code_cells, read_notebook
from reference.plain import Opaque, Plain


class DirectAsk:
    """Cells are executed one after the other; a cell that fails does not stop the later ones."""

    def __init__(self, cells: Sequence[str], *, seed: int = 0, answers: Mapping[str, str] | None = None) -> None:
        self.rng = np.random.default_rng(seed)
        self.answers = dict(answers or {})
        # A module, so that code of a check's reaches the notebook by `import __main__`, as in the real kernel.
        self.module = types.ModuleType("__main__")
        self.namespace: dict[str, Any] = self.module.__dict__
        self.errors: list[str] = []
        self.printed = StringIO()
        with self._notebook_world():
            for source in cells:
                try:
                    exec(compile(strip_magics(source), "<cell>", "exec"), self.namespace)
                except Exception as error:
                    self.errors.append(f"{type(error).__name__}: {error}")

    @classmethod
    def of_notebook(cls, data: bytes, **options: Any) -> DirectAsk:
        return cls([cell.source for cell in code_cells(read_notebook(data))], **options)

    def call(self, function: str, *arguments: Plain, **options: Any) -> Reply:
        return self.calls([Call(function, arguments, **options)])[0]

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        return [self._call(call) for call in calls]

    def read(self, name: str) -> Reply:
        if name not in self.namespace:
            return self._missing(name)
        return Got(plain(copy.deepcopy(self.namespace[name])))

    def _call(self, call: Call) -> Reply:
        with self._notebook_world(), self._set(call):
            if call.function not in self.namespace:
                return self._missing(call.function)
            function = self.namespace[call.function]
            if not callable(function):
                return NotCallable(call.function, type(function).__name__)
            arguments = copy.deepcopy(list(call.arguments))
            try:
                value = function(*arguments, **copy.deepcopy(dict(call.keywords)))
            except Exception as error:
                return Raised(type(error).__name__, str(error))
            changed = tuple(i for i, a in enumerate(arguments) if not same(a, call.arguments[i]))
            return Got(plain(value), changed)

    @contextmanager
    def _set(self, call: Call) -> Iterator[None]:
        before = dict(self.namespace)
        self.namespace.update(copy.deepcopy(dict(call.variables)))
        if call.given:
            exec(call.given, self.namespace)
        try:
            yield
        finally:
            self.namespace.clear()
            self.namespace.update(before)

    def _missing(self, name: str) -> Missing:
        return Missing(name, tuple(difflib.get_close_matches(name, self.namespace)))

    @contextmanager
    def _notebook_world(self) -> Iterator[None]:
        """Stand-ins for the two libraries that the service's own environment does not have."""
        plots = MagicMock()
        plots.subplots = lambda *a, **k: (MagicMock(), MagicMock())
        special = types.ModuleType("scipy.special")
        special.gamma = np.vectorize(_gamma, otypes=[float])  # type: ignore[attr-defined]
        scipy = types.ModuleType("scipy")
        scipy.special = special  # type: ignore[attr-defined]
        modules = {
            "matplotlib": MagicMock(pyplot=plots),
            "matplotlib.pyplot": plots,
            "scipy": scipy,
            "scipy.special": special,
            "__main__": self.module,
        }
        with patch.dict(sys.modules, modules), redirect_stdout(self.printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield


def _gamma(value: float) -> float:
    try:
        return math.gamma(value)
    except (OverflowError, ValueError):
        return math.inf


def plain(value: Any) -> Plain:
    """What the kernel's collector makes of a value, for the kinds that our notebooks produce."""
    if isinstance(value, np.generic):
        return np.asarray(value)
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.ndarray):
        return value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return Opaque(type(value).__name__, callable(value))


def same(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))
