"""Names and numbers of Linux's system calls, from syscalls.tsv."""

from __future__ import annotations

import functools
from pathlib import Path

TABLE = Path(__file__).with_name("syscalls.tsv")
COLUMNS = {"x86_64": 1, "aarch64": 2}


@functools.cache
def numbers(machine: str) -> dict[str, int]:
    """Name -> number on one architecture ("x86_64" or "aarch64")."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="ascii").splitlines() if not line.startswith("#")]
    column = COLUMNS[machine]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


@functools.cache
def names() -> frozenset[str]:
    """Every name that some architecture has."""
    return frozenset().union(*(numbers(machine) for machine in COLUMNS))
