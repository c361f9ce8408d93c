"""Where in a TOML file a key stands, so that an error can name its line.

`tomllib` keeps no positions. This reads only what assignment files use: headers and `key = value` lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\s]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")


def key_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table and key: ("checks", 2, "points") -> 41."""
    lines: dict[Path, int] = {}
    entries: dict[str, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            name = header.group(2)
            table = tuple(part.strip() for part in name.split("."))
            if header.group(1) == "[[":
                entries[name] = entries.get(name, -1) + 1
                lines.setdefault(table, number)
                table = (*table, entries[name])
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            lines.setdefault((*table, key.group(1)), number)
    return lines


def line_of(lines: Mapping[Path, int], location: Sequence[str | int]) -> int | None:
    """The line of the key, else of the nearest table around it."""
    path = tuple(location)
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None
