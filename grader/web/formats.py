"""Numbers and times as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

_NAMES = re.compile(r"`([^`\n]{1,200})`")


def points(value: float | None) -> str:
    """Points without a needless tail: 3, 2.5, 0.33. A dash where there is no score."""
    if value is None:
        return "–"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def seconds(value: float | None) -> str:
    """A duration given in seconds: "0.8 s", "42 s", "3 min 5 s"."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def mebibytes(value: float) -> str:
    return f"{value / 1024:.1f} GiB" if value >= 1024 else f"{value:.0f} MiB"


def file_size(n_bytes: int) -> str:
    if n_bytes < 1024:
        return f"{n_bytes} bytes"
    if n_bytes < 1024 * 1024:
        return f"{n_bytes / 1024:.0f} KB"
    return f"{n_bytes / 1024 / 1024:.1f} MB".replace(".0 ", " ")


def as_utc(when: datetime) -> datetime:
    """SQLite gives naive times back; everything that we store is UTC."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def prose(text: str) -> Markup:
    """Text of ours or of staff, in which `names` stand between backticks."""
    return Markup(_NAMES.sub(r"<code>\1</code>", str(escape(text))))


def iso(when: datetime) -> str:
    return as_utc(when).isoformat(timespec="seconds")


def utc_text(when: datetime) -> str:
    """What stands on the page until (or without) the script that turns it into the reader's own time."""
    return as_utc(when).strftime("%-d %b %Y, %H:%M UTC")


def count(n: int, noun: str, plural: str = "") -> str:
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
