"""Files of spreadsheets and learning platforms: reading what they write, writing what they may safely open."""

from __future__ import annotations

import csv
import io

# A spreadsheet runs a cell that begins so; names, titles and messages come from people. The wide ones are
# taken for the narrow ones by some.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class NotASpreadsheet(ValueError):
    """The text says why."""


def neutral(text: str) -> str:
    """`text` so that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def plain(text: str) -> str:
    """What `neutral` made `text` from."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def read_rows(data: bytes) -> list[list[str]]:
    """The lines that are not empty, whatever separates their cells. Raises NotASpreadsheet."""
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise NotASpreadsheet(f"The file cannot be read as CSV ({error}).") from None


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotASpreadsheet("The file is not text. Save it as CSV (UTF-8).")
