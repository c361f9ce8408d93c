"""How a course shares the queues with the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from grader.errors import DomainError

MOST_WEIGHT = 100.0
MOST_RUNS = 10_000


class InvalidTerms(DomainError):
    code = "invalid-queue-terms"


@dataclass(frozen=True)
class QueueTerms:
    """`weight`: its share when others wait too. `running_most`: runs of it that workers may hold at once.

    `waiting_most`: attempts of one student that may wait at once; None: as many as there are.
    """

    weight: float = 1.0
    running_most: int | None = None
    waiting_most: int | None = 100

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Self:
        """From the database; keys of another release are passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in (kept or {}).items() if key in known})

    def checked(self) -> Self:
        """Raises InvalidTerms."""
        if not 1 / MOST_WEIGHT <= self.weight <= MOST_WEIGHT:
            raise InvalidTerms(f"weight: {self.weight:g} is not between {1 / MOST_WEIGHT:g} and {MOST_WEIGHT:g}.")
        for name, value in (("running_most", self.running_most), ("waiting_most", self.waiting_most)):
            if value is not None and not 1 <= value <= MOST_RUNS:
                raise InvalidTerms(f"{name}: {value} is not between 1 and {MOST_RUNS}; leave it out for no limit.")
        return self
