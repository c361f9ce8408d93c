"""A notebook's code as tokens that a disguise does not change: names, comments, texts and layout fall away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pygments.lexers.python import Python3Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, _TokenType

from assignments.notebooks import NotebookRejected, code_cells, read_notebook

MOST_CELL = 50_000  # characters of one cell that are read
MOST_CODE = 400_000  # of a notebook
_LEXER = Python3Lexer()
# Names that the student did not choose stay as they are: attributes (`.mean`), built-in functions, keywords.
_VARIABLE, _TEXT = "v", "s"


@dataclass(frozen=True)
class Token:
    text: str
    line: int  # of its cell, from 0


@dataclass(frozen=True)
class Cell:
    source: str
    tokens: tuple[Token, ...]


def cells_of(data: bytes, given: frozenset[str] = frozenset()) -> list[Cell]:
    """The code cells of a notebook, without the lines that are `given` (see `lines_of`)."""
    try:
        sources = [str(cell.source) for cell in code_cells(read_notebook(data))]
    except NotebookRejected:
        return []
    cells, room = [], MOST_CODE
    for source in sources:
        read = source[: min(MOST_CELL, room)]
        room -= len(read)
        cells.append(Cell(source, tuple(_tokens(read, given))))
    return cells


def lines_of(data: bytes) -> frozenset[str]:
    """The lines of a starter: what every student got."""
    return frozenset(bare for cell in cells_of(data) for line in cell.source.splitlines() if (bare := _bare(line)))


def _tokens(source: str, given: frozenset[str]) -> Iterator[Token]:
    handed_out = {number for number, line in enumerate(source.splitlines()) if _bare(line) in given}
    for line, kind, text, before in _significant(source):
        if line not in handed_out:
            yield Token(_normal(kind, text, before), line)


def _significant(source: str) -> Iterable[tuple[int, _TokenType, str, str]]:
    """(line, kind, text, text of the token before) of what is neither layout, comment nor documentation."""
    line, before, in_text = 0, "", False
    for _, kind, text in _LEXER.get_tokens_unprocessed(source):
        start, line = line, line + text.count("\n")
        if kind in Comment or kind in String.Doc or not text.strip():
            continue
        if kind in String and kind not in String.Interpol:
            if in_text:
                continue  # a text of several parts is one token
            in_text = True
        else:
            in_text = False
        yield start, kind, text, before
        before = text


def _normal(kind: _TokenType, text: str, before: str) -> str:
    if kind in String and kind not in String.Interpol:
        return _TEXT
    if kind in Number:
        return _number(text)
    if kind in Keyword or kind in Operator or kind in Punctuation or kind in Name.Builtin or before == ".":
        return text
    return _VARIABLE if kind in Name else text


def _number(text: str) -> str:
    """1, 1.0 and 1. are one number."""
    try:
        return f"{float(text.replace('_', '')):g}"
    except ValueError:
        return text.lower()


def _bare(line: str) -> str:
    """A line without comment and layout."""
    return "".join(line.split("#", 1)[0].split())
