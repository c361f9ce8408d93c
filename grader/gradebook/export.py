"""The gradebook as CSV for people: spreadsheets open it as it is."""

from __future__ import annotations

import csv
import io

from grader.gradebook.table import Cell, Gradebook


def as_csv(book: Gradebook) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    titles = [f"{safe(column.title)} ({column.max_score:g})" for column in book.columns]
    writer.writerow(["Name", "E-mail", "Section", *titles, "Points", "of"])
    for row in book.rows:
        points, most = row.total
        who = [safe(row.student.name), safe(row.student.email), safe(row.section)]
        writer.writerow([*who, *(_cell(cell) for cell in row.cells), f"{points:g}", f"{most:g}"])
    return "\ufeff" + out.getvalue()  # without the mark, Excel reads UTF-8 as something else


def safe(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: people choose their own names."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _cell(cell: Cell) -> str:
    if cell.excused:
        return "excused"
    return "" if cell.score is None else f"{cell.score:g}"
