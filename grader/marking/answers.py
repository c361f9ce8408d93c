"""What a student wrote, as a marker reads it: texts, code and figures, without anything that could run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

IMAGES = ("image/png", "image/jpeg")
MOST_BLOCKS = 400
MOST_TEXT = 6_000
MOST_IMAGE = 3_000_000  # characters of base64, one figure
MOST_IMAGES = 12_000_000  # of all together
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Figure:
    mime: str
    base64: str

    @property
    def address(self) -> str:
        return f"data:{self.mime};base64,{self.base64}"


@dataclass(frozen=True)
class Block:
    """One cell. `own`: it is not, letter for letter, in the starter."""

    number: int
    code: bool
    source: str
    own: bool
    texts: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()


def blocks(notebook: bytes, starter: bytes | None) -> list[Block]:
    """The cells of a stored notebook; an unreadable one has none."""
    given = {_source(cell).strip() for cell in _cells(starter or b"{}")}
    made: list[Block] = []
    room = MOST_IMAGES
    for number, cell in enumerate(_cells(notebook)[:MOST_BLOCKS], start=1):
        source = _source(cell)
        if not source.strip():
            continue
        texts, figures = _outputs(cell)
        kept = []
        for figure in figures:
            if len(figure.base64) <= min(room, MOST_IMAGE):
                kept.append(figure)
                room -= len(figure.base64)
        own = source.strip() not in given
        made.append(Block(number, cell.get("cell_type") == "code", source[:MOST_TEXT], own, texts, tuple(kept)))
    return made


def _cells(notebook: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(notebook)
    except (ValueError, RecursionError):
        return []
    cells = found.get("cells") if isinstance(found, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _source(cell: dict[str, Any]) -> str:
    return _text(cell.get("source"))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _outputs(cell: dict[str, Any]) -> tuple[tuple[str, ...], list[Figure]]:
    texts, figures = [], []
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        assert isinstance(data, dict)
        figure = next((_figure(mime, _text(data[mime])) for mime in IMAGES if mime in data), None)
        if figure is not None:
            figures.append(figure)
            continue
        text = _text(output.get("text")) or _text(data.get("text/plain")) or _error(output)
        if text.strip():
            texts.append(_ANSI.sub("", text)[:MOST_TEXT])
    return tuple(texts), figures


def _figure(mime: str, base64: str) -> Figure | None:
    return Figure(mime, "".join(base64.split())) if _BASE64.fullmatch(base64) else None


def _error(output: dict[str, Any]) -> str:
    name = _text(output.get("ename"))
    return f"{name}: {_text(output.get('evalue'))}" if name else ""
