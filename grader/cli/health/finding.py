"""One thing that the doctor found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

RIGHT, NOTE, WRONG = "right", "note", "wrong"


@dataclass(frozen=True)
class Finding:
    """`status` is "right", "note" (works without) or "wrong"; `fix` is what to do about it."""

    group: str
    name: str
    status: str
    detail: str
    fix: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def guarded(group: str, look: Callable[[], Sequence[Finding]], fix: str) -> list[Finding]:
    """What `look` finds; an exception of it becomes a finding, because the doctor itself must not fall ill."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001 - see above
        first = (str(error).strip().splitlines() or [""])[0]
        return [Finding(group, "look", WRONG, f"{type(error).__name__}: {first}"[:300], fix)]
