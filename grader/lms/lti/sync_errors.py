from __future__ import annotations

from typing import ClassVar

from grader.errors import DomainError


class NothingToSend(DomainError):
    """The grade is on its way already."""

    code: ClassVar[str] = "nothing-to-send"
