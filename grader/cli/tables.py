"""Plain tables on standard output."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

FILE_WIDTH = 160  # where the output goes to a file or a pipe, which has no width of its own


def console() -> Console:
    """Standard output, as wide as the terminal."""
    found = Console()
    return found if found.is_terminal else Console(width=FILE_WIDTH)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "") -> None:
    """`empty` is said instead of a table without rows."""
    out = console()
    if not rows and empty:
        out.print(Text(empty))
        return
    table = Table(*columns)
    table.columns[0].no_wrap = True  # what a person copies
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    out.print(table)
