"""Names that students choose for the leaderboard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from grader.db.leaderboard_entry import NICKNAME_LENGTH
from grader.leaderboard.errors import NicknameRefused

LEAST = 3
_ALLOWED = re.compile(r"[\w .'-]+")


def cleaned(text: str) -> str:
    """Raises NicknameRefused."""
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not LEAST <= len(name) <= NICKNAME_LENGTH:
        raise NicknameRefused(f"A name has {LEAST} to {NICKNAME_LENGTH} characters; this one has {len(name)}.")
    if not _ALLOWED.fullmatch(name) or not folded(name):
        raise NicknameRefused("A name is made of letters, digits, spaces, dots, hyphens and apostrophes.")
    return name


def folded(name: str) -> str:
    """What two names have in common that look the same: without case, accents, spaces and signs."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in apart if c.isalnum())


def require_nobodys(name: str, people: Iterable[tuple[str, str]]) -> None:
    """`people`: (name, e-mail) of everybody else in the course. Raises NicknameRefused for one of those."""
    wanted = folded(name)
    for real, email in people:
        if wanted in {folded(real), folded(email), folded(email.split("@")[0])}:
            raise NicknameRefused("This is the name of somebody in the course. Choose one that is nobody's.")
