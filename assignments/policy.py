"""The rules of handing in: how often, how late, and what counts. Dates are beside them: courses set those.

An assignment's package gives defaults (`[policy]` in assignment.toml); an instructor can set other rules for a
course without touching files. Numbers have their units in their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

COUNTED = ("best", "last", "chosen")
UNITS = ("hour", "day")
SUPERSEDING = ("last_counts", "always", "never")
HIDDEN = ("never", "names", "after_closing")


@dataclass(frozen=True)
class PolicySpec:
    """`counted` says which attempt counts: the best, the last, or the one that the student chooses.

    Late work loses `late_percent` of its points for each `late_per` begun, counted from the due date plus
    `grace_minutes`, and keeps at least `late_floor_percent` of them. `late_tokens` is how many of the course's
    late tokens a student may spend on this assignment. `hidden_checks` is what students learn of checks whose
    visibility is "hidden": nothing, their names, or everything once nobody can hand in any more. `superseding` says
    when a newer attempt takes the place of an older one that still waits: by default only where the last one counts,
    because elsewhere the older one could be worth more, and how long the queue is must not decide a grade.
    """

    attempts: int | None = None
    cooldown_minutes: float = 0.0
    counted: str = "best"
    late_percent: float = 0.0
    late_per: str = "day"
    late_floor_percent: float = 0.0
    grace_minutes: float = 0.0
    late_tokens: int = 0
    hidden_checks: str = "never"
    superseding: str = "last_counts"

    @property
    def supersedes(self) -> bool:
        return self.superseding == "always" or (self.superseding == "last_counts" and self.counted == "last")


@dataclass(frozen=True)
class DatesSpec:
    """When an assignment opens, is due and closes, where its package says so; courses may say otherwise."""

    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
