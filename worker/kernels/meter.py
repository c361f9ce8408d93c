"""How much a kernel may still say."""

from __future__ import annotations

from collections.abc import Callable


class Meter:
    """Bytes are counted before anything is made of them."""

    def __init__(self, allowed: int, exceeded: Callable[[], None]) -> None:
        self.left = allowed
        self._exceeded = exceeded

    def spend(self, size: int) -> bool:
        self.left -= size
        if self.left >= 0:
            return True
        self._exceeded()
        return False
