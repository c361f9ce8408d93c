"""Names that students choose for the leaderboard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from grader.db.leaderboard_entry import NICKNAME_LENGTH
from grader.leaderboard.errors import NicknameRefused

LEAST = 3
_ALLOWED = re.compile(r"[\w .'-]+")
# Letters of Greek and Cyrillic (small, without accents) that look like a Latin one, and that one.
_LOOKS_LIKE = str.maketrans("абвгеһіјкмнорстухԁѕԝαβγεικνορτυχϲ", "a6brehijkmhopctyxdswabyeikvoptuxc")
_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})  # are written together in one word


def cleaned(text: str) -> str:
    """Raises NicknameRefused."""
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not LEAST <= len(name) <= NICKNAME_LENGTH:
        raise NicknameRefused(f"A name has {LEAST} to {NICKNAME_LENGTH} characters; this one has {len(name)}.")
    if not _ALLOWED.fullmatch(name) or not folded(name):
        raise NicknameRefused("A name is made of letters, digits, spaces, dots, hyphens and apostrophes.")
    if len(_scripts(name)) > 1:
        raise NicknameRefused("The letters of a name are of one script: others look like letters that they are not.")
    return name


def folded(name: str) -> str:
    """What two names have in common that look the same: without case, accents, spaces and signs, and in whichever
    script."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in apart if c.isalnum()).translate(_LOOKS_LIKE)


def _scripts(name: str) -> set[str]:
    found = {re.split("[ -]", unicodedata.name(c, ""), maxsplit=1)[0] for c in name if c.isalpha()}
    return (found - _TOGETHER) | ({"CJK"} if found & _TOGETHER else set())


def require_nobodys(name: str, people: Iterable[tuple[str, str]]) -> None:
    """`people`: (name, e-mail) of everybody else in the course. Raises NicknameRefused for one of those."""
    wanted = folded(name)
    for real, email in people:
        if wanted in {folded(real), folded(email), folded(email.split("@")[0])}:
            raise NicknameRefused("This is the name of somebody in the course. Choose one that is nobody's.")
