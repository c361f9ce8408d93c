"""A notebook as a page of its own, for a sandboxed frame: markdown, code, outputs, errors and figures.

Everything in a notebook is hostile. Text is escaped, HTML is cut down to harmless elements, pictures are inlined
as pictures only, and the page's own policy allows no script, no form and no other address, whatever came through.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import nh3
from flask import Response
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import Python3Lexer

from assignments.task_html import Room, text_html

MOST_TEXT = 20_000  # characters of one output or cell that are shown
MOST_OUTPUTS = 200  # of one cell
MOST_BYTES = 12 * 1024 * 1024  # of pictures in the page
PICTURES = ("image/png", "image/jpeg", "image/gif")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CODE = HtmlFormatter(nowrap=True)
# What formulas become; nothing in which HTML could hide (no annotation-xml), and no attribute that leads elsewhere.
MATH_TAGS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot", "mover",
    "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose",
}  # fmt: skip
MATH_ATTRIBUTES = {
    "display", "displaystyle", "scriptlevel", "mathvariant", "mathcolor", "stretchy", "fence", "form", "separator",
    "lspace", "rspace", "width", "height", "depth", "voffset", "linethickness", "accent", "accentunder", "notation",
    "movablelimits", "largeop", "symmetric", "minsize", "maxsize", "columnalign", "columnlines", "columnspacing",
    "rowlines", "rowspacing",
}  # fmt: skip
ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, **dict.fromkeys(MATH_TAGS, MATH_ATTRIBUTES)}
TAGS = (nh3.ALLOWED_TAGS - {"img", "map", "area"}) | MATH_TAGS
STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; color: #1b2333; margin: 0; padding: 1rem; overflow-wrap: anywhere; }
section { margin: 0 0 1.1rem; } section:target { outline: 3px solid #3446b5; outline-offset: 4px; }
h1 { font-size: 1.45rem; } h2 { font-size: 1.2rem; } h3 { font-size: 1.05rem; }
pre { margin: 0; padding: .7rem .9rem; border-radius: 8px; overflow-x: auto; font: 13.5px/1.5 ui-monospace, monospace; }
pre.code { background: #f1f3f8; }
pre.out { background: #fff; border: 1px solid #dfe3ec; margin-top: .4rem; white-space: pre-wrap; }
pre.bad { background: #fdeae8; color: #8f1b17; border-color: #f0c4c0; } .n { color: #56607a; font-size: .85rem; }
img { max-width: 100%; height: auto; display: block; margin: .4rem 0; } .cut { color: #56607a; font-style: italic; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #dfe3ec; padding: .25rem .6rem; text-align: left; }
"""
STYLES = STYLE + str(HtmlFormatter(style="default").get_style_defs("pre.code"))
POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{base64.b64encode(sha256(STYLES.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups",
    )
)


@dataclass
class PageRoom:
    """What one page may still hold."""

    picture_bytes: int
    formulas: Room


def frame_response(data: bytes, title: str) -> Response:
    """The notebook `data` as the content of a frame."""
    response = Response(notebook_page(data, title), mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def notebook_page(data: bytes, title: str) -> str:
    room = PageRoom(MOST_BYTES, Room())
    cells = Markup("\n").join(_cell(number, cell, room) for number, cell in enumerate(_cells(data), start=1))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLES}</style></head><body><main>{cells}</main></body></html>"
    )


def _cells(data: bytes) -> list[Mapping[str, Any]]:
    """The cells, of which nothing is certain; none where the file cannot be read."""
    try:
        found = json.loads(data).get("cells", [])
    except (ValueError, RecursionError, AttributeError):
        return []
    return [cell for cell in found if isinstance(cell, dict)] if isinstance(found, list) else []


def _cell(number: int, cell: Mapping[str, Any], room: PageRoom) -> Markup:
    source, cut = _short(_joined(cell.get("source", "")))
    if cell.get("cell_type") == "markdown":
        inner = _clean(text_html(source, raw_html=True, room=room.formulas)) + cut
    elif cell.get("cell_type") == "code":
        code = Markup(highlight(source, Python3Lexer(), _CODE))
        inner = Markup('<pre class="code" tabindex="0">{}</pre>{}').format(code, cut) if source.strip() else Markup("")
        outputs = cell.get("outputs")
        if isinstance(outputs, list):
            inner += Markup("").join(_output(output, room) for output in outputs[:MOST_OUTPUTS])
    else:
        inner = Markup("<pre>{}</pre>").format(source) + cut
    return Markup('<section id="cell-{}"><p class="n">Cell {}</p>{}</section>').format(number, number, inner)


def _output(output: Mapping[str, Any], room: PageRoom) -> Markup:
    if not isinstance(output, dict):
        return Markup("")
    kind = output.get("output_type")
    if kind == "stream":
        return _text(_joined(output.get("text", "")), "out bad" if output.get("name") == "stderr" else "out")
    if kind == "error":
        trace = _joined(output.get("traceback", []), "\n") or f"{output.get('ename')}: {output.get('evalue')}"
        return _text(trace, "out bad")
    data = output.get("data")
    return _rich(data, room) if isinstance(data, dict) else Markup("")


def _rich(data: Mapping[str, Any], room: PageRoom) -> Markup:
    """The best form that is safe to show: a picture, harmless HTML, or text."""
    for kind in PICTURES:
        if kind in data and (raw := _decoded(_joined(data[kind]))) is not None:
            return _picture(kind, raw, room)
    if "image/svg+xml" in data:  # as an image: nothing in it can run or fetch
        return _picture("image/svg+xml", _joined(data["image/svg+xml"]).encode(), room)
    if "text/html" in data:
        html, cut = _short(_joined(data["text/html"]), 10 * MOST_TEXT)
        return Markup("<div>{}</div>{}").format(_clean(html), cut)
    if "text/markdown" in data:
        text, cut = _short(_joined(data["text/markdown"]))
        return _clean(text_html(text, raw_html=True, room=room.formulas)) + cut
    return _text(_joined(data.get("text/plain", "")), "out")


def _picture(kind: str, raw: bytes, room: PageRoom) -> Markup:
    room.picture_bytes -= len(raw)
    if room.picture_bytes < 0:
        return Markup('<p class="cut">A picture is left out: the notebook has too many. Download it to see all.</p>')
    text = base64.b64encode(raw).decode()
    return Markup('<img src="data:{};base64,{}" alt="Figure that the cell drew">').format(kind, text)


def _text(text: str, look: str) -> Markup:
    shown, cut = _short(_ANSI.sub("", text).rstrip())
    return Markup('<pre class="{}" tabindex="0">{}</pre>{}').format(look, shown, cut) if shown else Markup("")


def _clean(html: str) -> Markup:
    return Markup(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel="noopener noreferrer"))


def _short(text: str, most: int = MOST_TEXT) -> tuple[str, Markup]:
    if len(text) <= most:
        return text, Markup("")
    return text[:most], Markup('<p class="cut">{} more characters are not shown.</p>').format(len(text) - most)


def _joined(value: Any, between: str = "") -> str:
    return between.join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
