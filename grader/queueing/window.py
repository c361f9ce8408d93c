"""How many jobs the broker may hold of a queue: what the workers can soon take, and no more."""

from __future__ import annotations

AHEAD_S = 5.0  # of work that the broker has, where runs are short


def window(running: int, least: int, begun: int = 0) -> int:
    """Half of what runs is taken up well before any worker is short of work; `least` where nothing runs yet.

    `begun`: how many began in the last AHEAD_S. Short runs are taken up faster than one after the other can be chosen.
    """
    return max(least, running // 2, begun)


def room_for(sent: int, running: int, least: int, begun: int = 0) -> int:
    """How many to hand out now, where `sent` were and have not begun.

    A large window is filled in larger steps, because each step looks at much that waits.
    """
    most = window(running, least, begun)
    room = most - sent
    return room if room > max(most // 8, begun // 2) else 0
