"""Tables of figures: one description for the page and for the CSV file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from flask import Response

from grader.spreadsheets import neutral
from grader.web import formats

Value: TypeAlias = str | int | float | datetime | None
Kind: TypeAlias = Literal["text", "count", "points", "share", "seconds", "time"]


def grouped(value: float) -> str:
    """A count with its thousands apart: 60 000."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


@dataclass(frozen=True)
class Column:
    title: str
    kind: Kind = "text"

    @property
    def is_number(self) -> bool:
        return self.kind in ("count", "points", "share", "seconds")

    def shown(self, value: Value) -> str:
        if value is None:
            return "–"
        if isinstance(value, datetime):
            return formats.utc_text(value)
        if isinstance(value, str):
            return value
        if self.kind == "share":
            return f"{value:.0%}"
        if self.kind == "seconds":
            return formats.seconds(value)
        return formats.points(value) if self.kind == "points" else grouped(value)


@dataclass(frozen=True)
class Row:
    cells: tuple[Value, ...]
    url: str = ""  # where the first cell leads


@dataclass(frozen=True)
class Table:
    key: str  # names the CSV file
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = "Nothing yet."


def csv_text(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.title for column in table.columns])
    writer.writerows([_plain(value) for value in row.cells] for row in table.rows)
    return out.getvalue()


def csv_response(table: Table, name: str) -> Response:
    response = Response("\ufeff" + csv_text(table), mimetype="text/csv")  # the mark makes Excel read it as UTF-8
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{table.key}.csv")
    return response


def _plain(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return formats.iso(value)
    if isinstance(value, float):
        return round(value, 6)
    return neutral(value) if isinstance(value, str) else value  # names and messages come from students
