from __future__ import annotations

from grader.errors import DomainError


class NoSuchQuestion(DomainError):
    code = "no-such-question"

    def __init__(self, key: str) -> None:
        super().__init__(f"The assignment has no question {key[:60]!r} that a person marks.")


class NothingToMark(DomainError):
    code = "nothing-to-mark"

    def __init__(self) -> None:
        super().__init__("This submission has no result for that question, so there is nothing to mark.")


class InvalidPoints(DomainError):
    code = "invalid-points"

    def __init__(self, most: float) -> None:
        super().__init__(f"Points must be a number from 0 to {most:g}.")


class InvalidRubric(DomainError):
    code = "invalid-rubric"

    def __init__(self, why: str) -> None:
        super().__init__(why)


class MarkChanged(DomainError):
    """Somebody else marked in the meantime. What they gave is in `points`, `comment` and `marker`."""

    code = "mark-changed"

    def __init__(self, marker: str, points: float, comment: str, revision: int) -> None:
        self.marker, self.points, self.comment, self.revision = marker, points, comment, revision
        super().__init__(f"In the meantime {marker} gave {points:g} points. Look at both and save again.")


class RubricChanged(DomainError):
    code = "rubric-changed"

    def __init__(self) -> None:
        super().__init__("Somebody else changed this rubric in the meantime. Look at it and save yours again.")


class OwnMark(DomainError):
    code = "own-mark"

    def __init__(self) -> None:
        super().__init__("A second mark is given by somebody other than the first marker.")
