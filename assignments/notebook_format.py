"""From parsed JSON to a clean nbformat 4.5 notebook: cells rebuilt one by one, outputs left behind.

Everything is read by hand rather than with nbformat's converters, because those warn, log, repair in place and
raise all manner of exceptions on hostile input.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any, cast

from nbformat import NotebookNode

_CELL_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def _new(*fields: Any, **named: Any) -> NotebookNode:
    return NotebookNode(*fields, **named)  # type: ignore[no-untyped-call]


class FormatProblem(ValueError):
    """A cell or field does not have the form that the format demands. The text is for the student."""


def cells_of(raw: Mapping[str, Any], major: int) -> list[Any]:
    """The raw cells in order; version 3 keeps them in worksheets."""
    if major >= 4:
        return _list(raw.get("cells"), "The notebook's `cells`")
    cells: list[Any] = []
    for sheet in _list(raw.get("worksheets"), "The notebook's `worksheets`"):
        cells += _list(_mapping(sheet, "A worksheet").get("cells"), "A worksheet's `cells`")
    return cells


def rebuild(raw: Mapping[str, Any], cells: list[Any], major: int) -> NotebookNode:
    """The notebook in format 4.5, without outputs. Raises FormatProblem."""
    used: set[str] = set()
    rebuilt = [_cell(cell, index, major, used) for index, cell in enumerate(cells)]
    return _new(nbformat=4, nbformat_minor=5, metadata=_metadata(raw.get("metadata")), cells=rebuilt)


def _cell(raw: object, index: int, major: int, used: set[str]) -> NotebookNode:
    name = f"Cell {index + 1}"
    cell = _mapping(raw, name)
    kind = cell.get("cell_type")
    if major < 4:
        kind, source = _version_3(cell, kind, name)
    else:
        source = _text(cell.get("source", ""), name)
    if kind not in ("code", "markdown", "raw"):
        raise FormatProblem(f"{name} has the type {kind!r:.40}; a cell is `code`, `markdown` or `raw`.")
    node = _new(
        id=_cell_id(cell.get("id"), index, used),
        cell_type=kind,
        metadata=_metadata(cell.get("metadata")),
        source=source,
    )
    if kind == "code":
        node.outputs = []
        node.execution_count = None
    return node


def _version_3(cell: Mapping[str, Any], kind: object, name: str) -> tuple[object, str]:
    source = _text(cell.get("input" if kind == "code" else "source", ""), name)
    if kind == "heading":
        level = cell.get("level", 1)
        depth = min(max(level, 1), 6) if isinstance(level, int) else 1
        return "markdown", f"{'#' * depth} {' '.join(source.split())}"
    return ("markdown" if kind == "html" else kind), source


def _text(value: object, name: str) -> str:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "".join(value)
    if not isinstance(value, str):
        raise FormatProblem(f"{name} has no text: its `source` is neither a string nor a list of strings.")
    # Half of a surrogate pair can stand in JSON but in no file; Python could not even print it.
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)


def _cell_id(value: object, index: int, used: set[str]) -> str:
    if isinstance(value, str) and _CELL_ID.match(value) and value not in used:
        chosen = value
    else:
        names = (f"cell-{index}" + (f"-{again}" if again else "") for again in itertools.count())
        chosen = next(name for name in names if name not in used)
    used.add(chosen)
    return chosen


def _metadata(value: object) -> NotebookNode:
    """Metadata is free form; what is no object is dropped."""
    return cast(NotebookNode, _node(value)) if isinstance(value, dict) else _new()


def _node(value: object) -> object:
    # The depth was limited before, so this recursion is shallow.
    if isinstance(value, dict):
        return _new({_clean(key): _node(item) for key, item in value.items()})
    if isinstance(value, list):
        return [_node(item) for item in value]
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise FormatProblem(f"{name} is not a JSON object.")
    return value


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatProblem(f"{name} is not a list.")
    return value
