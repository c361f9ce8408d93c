"""A notebook's text and code as HTML that needs nothing else: formulas as MathML, no script, no foreign HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import tostring

import mistune
from latex2mathml.converter import convert_to_element
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


@dataclass(frozen=True)
class CellHtml:
    """`kind` is "markdown" or "code"."""

    kind: str
    html: str


MOST_FORMULA = 2_000  # characters of one formula; a longer one is shown as it is written
_DEFINES = re.compile(r"\\(\w*def|(re)?newcommand|let|providecommand|DeclareMathOperator)\b")  # may call themselves


@dataclass
class Room:
    """How many characters of formulas a page still turns into MathML: at most about a second of work."""

    left: int = 20_000


class _Renderer(mistune.HTMLRenderer):
    """Links lead to the web only. Raw HTML in a text is shown as it is written, unless it is cleaned afterwards."""

    def __init__(self, room: Room, *, raw_html: bool) -> None:
        super().__init__(escape=not raw_html, allow_harmful_protocols=False)
        self._room = room

    def inline_math(self, text: str) -> str:
        return self._formula(text, block=False)

    def block_math(self, text: str) -> str:
        return self._formula(text, block=True)

    def _formula(self, text: str, *, block: bool) -> str:
        self._room.left -= len(text)
        return formula_html(text, block=block) if self._room.left >= 0 else _as_written(text)


def cells_html(cells: Sequence[Any]) -> list[CellHtml]:
    """Every cell with something in it, in order."""
    shown = [cell for cell in cells if cell["source"].strip()]
    return [CellHtml(c["cell_type"], _cell_html(c["cell_type"], c["source"])) for c in shown]


def text_html(text: str, *, raw_html: bool = False, room: Room | None = None) -> str:
    """Markdown with formulas between dollar signs. With `raw_html`, HTML in the text stays: the caller cleans it."""
    renderer = _Renderer(room or Room(), raw_html=raw_html)
    return str(mistune.create_markdown(renderer=renderer, plugins=["math", "table", "strikethrough"])(text))


def formula_html(formula: str, *, block: bool) -> str:
    """MathML, or the formula as it is written where it cannot be read. Text in it stays text, whatever it says."""
    if len(formula) > MOST_FORMULA or _DEFINES.search(formula):
        return _as_written(formula)
    try:
        math = convert_to_element(formula.strip(), display="block" if block else "inline")
        for element in math.iter():  # the library writes "&#x003B1;" and counts on nobody escaping it
            element.text = html.unescape(element.text) if element.text else None
            element.attrib.pop("href", None)
        return tostring(math, encoding="unicode")
    except Exception:  # noqa: BLE001  a formula of anybody's; the library raises what it likes
        return _as_written(formula)


def _as_written(formula: str) -> str:
    return f"<code>{html.escape(formula)}</code>"


def code_html(source: str) -> str:
    """Python with colours, as elements with classes of `code_css`."""
    return str(highlight(source, PythonLexer(), HtmlFormatter(cssclass="code")))


def code_css() -> str:
    return str(HtmlFormatter(cssclass="code", style="friendly").get_style_defs())


def _cell_html(kind: str, source: str) -> str:
    if kind == "code":
        return code_html(source)
    return text_html(source) if kind == "markdown" else f"<pre>{html.escape(source)}</pre>"
