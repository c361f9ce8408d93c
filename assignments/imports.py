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
# An import, to the end of its line; or the use of a name, but not of the `random` in `np.random.normal`.
_IMPORT_OR_USE = re.compile(rf"\bimport\b([^\n]*)|(?<![\w.])({'|'.join(USUAL)})\.")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Forgotten:
    """A name that is used as a module before any cell imports it."""

    name: str
    statement: str


def forgotten_imports(sources: Sequence[str]) -> list[Forgotten]:
    """`sources` are the code cells in their order. A name that the notebook itself gives another meaning is left
    alone, and so is everything where a cell takes all names of a module (`from numpy import *`)."""
    if not _may_be_forgotten(sources):
        return []
    trees = [(source, tree) for source in sources if (tree := parse_cell(source)) is not None]
    cells = [(source, list(ast.walk(tree))) for source, tree in trees]
    if any(_takes_all(nodes) for _, nodes in cells):
        return []
    bound: set[str] = set()
    wanted: dict[str, None] = {}
    for source, nodes in cells:
        wanted |= dict.fromkeys(_modules_used(nodes) - bound - _imported_first(nodes))
        bound |= bound_names(source)
    others = {name for name in wanted if any(_bound_otherwise(nodes, name) for _, nodes in cells)}
    return [Forgotten(name, USUAL[name]) for name in USUAL if name in wanted and name not in others]


def _may_be_forgotten(sources: Sequence[str]) -> bool:
    """Without parsing, which takes longer than all else here: is a name used before any import of it?"""
    imported: set[str] = set()
    for names, used in (found for source in sources for found in _IMPORT_OR_USE.findall(source)):
        if used and used not in imported:
            return True
        imported |= set(_WORD.findall(names))
    return False


def _modules_used(nodes: Sequence[ast.AST]) -> set[str]:
    """`np` of `np.exp`: names of which an attribute is read."""
    return {
        node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in USUAL
    }


def _imported_first(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that the cell itself imports: before their use, as far as lines tell."""
    used: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used[node.value.id] = min(node.lineno, used.get(node.value.id, node.lineno))
    imported = {
        (alias.asname or alias.name.split(".")[0]): node.lineno
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return {name for name, line in imported.items() if line <= used.get(name, line)}


def _bound_otherwise(nodes: Sequence[ast.AST], name: str) -> bool:
    """Is the name anything but that import, anywhere: a variable, a parameter, another module?"""
    for node in nodes:
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


def _takes_all(nodes: Sequence[ast.AST]) -> bool:
    return any(isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names) for node in nodes)
