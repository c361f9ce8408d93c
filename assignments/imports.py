"""Imports that a notebook forgot: what was there already where it was written, or is imported by a later cell only."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assignments.bindings import bound_names, parse_cell

# The abbreviations that everybody uses; no other meaning of these names is known.
USUAL = {
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
    "nn": "import torch.nn as nn",
    "F": "import torch.nn.functional as F",
    "numpy": "import numpy",
    "torch": "import torch",
    "scipy": "import scipy",
    "math": "import math",
    "random": "import random",
    "time": "import time",
    "os": "import os",
    "sys": "import sys",
}


@dataclass(frozen=True)
class Forgotten:
    """A name that is used as a module before any cell imports it."""

    name: str
    statement: str


def forgotten_imports(sources: Sequence[str]) -> list[Forgotten]:
    """`sources` are the code cells in their order. A name that the notebook itself gives another meaning is left
    alone, and so is everything where a cell takes all names of a module (`from numpy import *`)."""
    if not any(_may_be_forgotten(sources, name) for name in USUAL):
        return []
    cells = [(source, tree) for source in sources if (tree := parse_cell(source)) is not None]
    trees = [tree for _, tree in cells]
    if any(_takes_all(tree) for tree in trees):
        return []
    bound: set[str] = set()
    wanted: dict[str, None] = {}
    for source, tree in cells:
        wanted |= dict.fromkeys(_modules_used(tree) - bound - _imported_first(tree))
        bound |= bound_names(source)
    others = {name for name in wanted if any(_bound_otherwise(tree, name) for tree in trees)}
    return [Forgotten(name, USUAL[name]) for name in USUAL if name in wanted and name not in others]


def _may_be_forgotten(sources: Sequence[str], name: str) -> bool:
    """Without parsing, which takes longer than all else here: no import of the name stands in a cell before its use."""
    used = next((i for i, source in enumerate(sources) if f"{name}." in source), None)
    if used is None:
        return False
    imported = re.compile(rf"import\b[^\n]*\b{name}\b")
    return not any(imported.search(source) for source in sources[:used])


def _modules_used(tree: ast.Module) -> set[str]:
    """`np` of `np.exp`: names of which an attribute is read."""
    return {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in USUAL
    }


def _imported_first(tree: ast.Module) -> set[str]:
    """Names that the cell itself imports: before their use, as far as lines tell."""
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used[node.value.id] = min(node.lineno, used.get(node.value.id, node.lineno))
    imported = {
        (alias.asname or alias.name.split(".")[0]): node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return {name for name, line in imported.items() if line <= used.get(name, line)}


def _bound_otherwise(tree: ast.Module, name: str) -> bool:
    """Is the name anything but that import, anywhere: a variable, a parameter, another module?"""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.arg) and node.arg == name:
            return True
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return True
        if isinstance(node, ast.Import | ast.ImportFrom) and any(_other_module(node, a, name) for a in node.names):
            return True
    return False


def _other_module(node: ast.Import | ast.ImportFrom, alias: ast.alias, name: str) -> bool:
    if (alias.asname or alias.name.split(".")[0]) != name:
        return False
    if isinstance(node, ast.ImportFrom):
        return True
    usual = USUAL[name].removeprefix("import ").split(" as ")[0]
    return alias.name != usual if alias.asname else alias.name.split(".")[0] != usual


def _takes_all(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names) for node in ast.walk(tree)
    )
