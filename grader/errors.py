"""The root of every error that a user or a program is told about."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """`str(error)` is a sentence for the user; `code` is for programs and never changes.

    Domain errors know nothing of HTTP: one registry in the web front end maps codes to answers.
    """

    code: ClassVar[str] = "error"
