from __future__ import annotations

from typing import ClassVar

from grader.errors import DomainError


class GradeFileRefused(DomainError):
    """Nothing of the file was taken; the text says why."""

    code: ClassVar[str] = "grade-file-refused"


class GradesMovedOn(DomainError):
    code: ClassVar[str] = "grades-moved-on"

    def __init__(self) -> None:
        super().__init__(
            "Grades or people changed since the file was looked at, so nothing was taken. Look at it once more."
        )
