"""How many jobs the broker may hold of a queue: what the workers can soon take, and no more."""

from __future__ import annotations


def window(running: int, least: int) -> int:
    """Half of what runs is taken up well before any worker is short of work; `least` where nothing runs yet."""
    return max(least, running // 2)


def room_for(sent: int, running: int, least: int) -> int:
    """How many to hand out now, where `sent` were and have not begun.

    A large window is filled in larger steps, because each step looks at all that waits.
    """
    most = window(running, least)
    room = most - sent
    return room if room > most // 8 else 0
