"""Text of one line that people typed or that came from elsewhere."""

from __future__ import annotations

import unicodedata

# They join and part letters of Persian, Indian scripts and emoji; every other format character only hides something.
_JOINERS = ("\u200c", "\u200d")


def one_line(text: str) -> str:
    """Any Unicode but control characters, which become blanks, and what turns the direction of the text around it."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    shown = (c for c in plain if unicodedata.category(c) != "Cf" or c in _JOINERS)
    return " ".join("".join(shown).split())
