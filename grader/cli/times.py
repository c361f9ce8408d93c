"""Times as people read them in a table."""

from __future__ import annotations

from datetime import UTC, datetime


def ago(at: datetime | str | None, now: datetime | None = None) -> str:
    """ "12 s", "5 min", "3 h", "2 d"; "" for None."""
    if at is None:
        return ""
    then = datetime.fromisoformat(at) if isinstance(at, str) else at
    seconds = max(((now or datetime.now(UTC)) - then).total_seconds(), 0.0)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
