"""A notebook's text and code as HTML that needs nothing else: formulas as MathML, no script, no foreign HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mistune
from latex2mathml.converter import convert
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


@dataclass(frozen=True)
class CellHtml:
    """`kind` is "markdown" or "code"."""

    kind: str
    html: str


class _Renderer(mistune.HTMLRenderer):
    """Raw HTML in a text is shown as it is written, and links lead to the web only."""

    def __init__(self) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False)

    def inline_math(self, text: str) -> str:
        return formula_html(text, block=False)

    def block_math(self, text: str) -> str:
        return formula_html(text, block=True)


def cells_html(cells: Sequence[Any]) -> list[CellHtml]:
    """Every cell with something in it, in order."""
    shown = [cell for cell in cells if cell["source"].strip()]
    return [CellHtml(c["cell_type"], _cell_html(c["cell_type"], c["source"])) for c in shown]


def text_html(text: str) -> str:
    """Markdown with formulas between dollar signs."""
    return str(mistune.create_markdown(renderer=_Renderer(), plugins=["math", "table", "strikethrough"])(text))


def formula_html(formula: str, *, block: bool) -> str:
    """MathML, or the formula as it is written where it cannot be read."""
    try:
        return str(convert(formula.strip(), display="block" if block else "inline"))
    except Exception:  # noqa: BLE001  a formula of an author's; the library raises what it likes
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
