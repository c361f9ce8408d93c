"""Gradebooks as Canvas and Moodle read them: a decimal point, nothing where there is no grade, nothing that a
spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from grader.gradebook.cells import Cell, Column
from grader.gradebook.table import Gradebook, Row
from grader.spreadsheets import neutral

Write = Callable[[Gradebook], str]
POINTS_POSSIBLE = "    Points Possible"
EXCUSED = "EX"  # as Canvas writes and reads it; Moodle has no word for it


def canvas_csv(book: Gradebook) -> str:
    """Canvas finds students by SIS Login ID (here: the e-mail address) and asks once which column is which."""
    titles = _titles(book.columns)
    lines: list[Sequence[str]] = [
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(neutral, titles)),
        (POINTS_POSSIBLE, "", "", "", "", *(number(column.max_score) for column in book.columns)),
    ]
    for row in book.rows:
        cells = (EXCUSED if cell.excused else _score(cell.score) for cell in row.cells)
        lines.append((*_texts(row.student.name, "", "", row.student.email, row.section), *cells))
    return _csv(lines)


def moodle_csv(book: Gradebook) -> str:
    """Moodle refuses the whole file for one grade above the most points, so those are written as the most points,
    and the feedback says what they are."""
    heads = [text for title in _titles(book.columns) for text in (neutral(title), neutral(f"{title} feedback"))]
    lines: list[Sequence[str]] = [("Email address", *heads)]
    for row in book.rows:
        cells = [text for c, cell in zip(book.columns, row.cells, strict=True) for text in _moodle_cell(c, cell)]
        lines.append((neutral(row.student.email), *cells))
    return _csv(lines)


WRITERS: dict[str, Write] = {"canvas": canvas_csv, "moodle": moodle_csv}


def only(book: Gradebook, slug: str) -> Gradebook:
    """The same with one assignment alone; with none where there is no such assignment."""
    kept = [n for n, column in enumerate(book.columns) if column.slug == slug]
    rows = tuple(Row(row.student, row.section, tuple(row.cells[n] for n in kept), row.total) for row in book.rows)
    return Gradebook(tuple(book.columns[n] for n in kept), rows, book.total, book.sections)


def number(value: float) -> str:
    """With a decimal point and no grouping, whatever the language: Canvas reads "1,234" as 1.234."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _score(score: float | None) -> str:
    return "" if score is None else number(score)


def _moodle_cell(column: Column, cell: Cell) -> tuple[str, str]:
    if cell.score is None:
        return "", neutral(cell.note) if cell.excused else ""
    if cell.score > column.max_score:
        text = f"{number(cell.score)} of {number(column.max_score)} points. {cell.note}"
        return number(column.max_score), neutral(text.strip())
    return number(cell.score), neutral(cell.note)


def _titles(columns: Sequence[Column]) -> list[str]:
    """Two assignments of one title are told apart by their short names."""
    titles = [column.title for column in columns]
    return [c.title if titles.count(c.title) == 1 else f"{c.title} [{c.slug}]" for c in columns]


def _texts(*texts: str) -> tuple[str, ...]:
    return tuple(map(neutral, texts))


def _csv(lines: Iterable[Sequence[str]]) -> str:
    """Without a byte order mark: not every platform's reader passes over it."""
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue()
