"""Short lines on what is being done, and how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT_S = 20.0


class SetupError(Exception):
    """Set-up cannot go on; the text says what is wrong and what to do."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Says `text`, again every HEARTBEAT_S while the work goes on, and the seconds at its end."""
    begun = time.monotonic()
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_S):
            say(f"  … {text} ({time.monotonic() - begun:.0f} s so far)")

    say(f"  {text}")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    say(f"  {text}: done in {time.monotonic() - begun:.1f} s")
