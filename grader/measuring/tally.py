"""What one process has counted and not yet added to the database."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass

from grader.db.measure import COUNT
from grader.measuring.families import Family

SUM = "sum"
LAST = "+Inf"
SEPARATOR = "\t"
MOST_LABEL = 60  # characters of one label's value


@dataclass(frozen=True, order=True)
class Key:
    name: str
    labels: str
    bucket: str


class Tally:
    """Threads may count at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Key, float] = defaultdict(float)

    def count(self, family: Family, *labels: str, by: float = 1.0) -> None:
        self._add({Key(family.name, joined(family, labels), COUNT): by})

    def observe(self, family: Family, value: float, *labels: str) -> None:
        text = joined(family, labels)
        place = bisect_left(family.buckets, value)
        bucket = bound(family.buckets[place]) if place < len(family.buckets) else LAST
        self._add({Key(family.name, text, bucket): 1.0, Key(family.name, text, SUM): value})

    def take(self) -> dict[Key, float]:
        """All that was counted since the last time."""
        with self._lock:
            values, self._values = self._values, defaultdict(float)
        return dict(values)

    def give_back(self, values: dict[Key, float]) -> None:
        """What was taken could not be added to the database."""
        self._add(values)

    def _add(self, values: dict[Key, float]) -> None:
        with self._lock:
            for key, value in values.items():
                self._values[key] += value


def joined(family: Family, labels: tuple[str, ...]) -> str:
    assert len(labels) == len(family.labels), family.name
    return SEPARATOR.join(label.replace(SEPARATOR, " ")[:MOST_LABEL] for label in labels)


def bound(value: float) -> str:
    return f"{value:g}"


TALLY = Tally()
