from __future__ import annotations

from grader.errors import DomainError


class ComparisonUnderWay(DomainError):
    code = "comparison-under-way"

    def __init__(self) -> None:
        super().__init__("The submissions of this assignment are being compared already. Wait until that is done.")


class NothingToCompare(DomainError):
    code = "nothing-to-compare"

    def __init__(self) -> None:
        super().__init__("There is nothing to compare yet: at least two students must have handed in.")


class PairChanged(DomainError):
    code = "pair-changed"

    def __init__(self) -> None:
        super().__init__("Somebody else decided about this pair in the meantime. Read what they wrote, then decide.")


class NoteNeeded(DomainError):
    code = "note-needed"

    def __init__(self) -> None:
        super().__init__("Write a note: whoever reads the pair later must see why it is kept.")
