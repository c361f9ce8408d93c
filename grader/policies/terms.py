"""What holds for one student: the assignment's rules and dates, and what that student has beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from assignments.policy import DatesSpec, PolicySpec

TOKEN = timedelta(hours=24)  # by how much one late token moves a due date


@dataclass(frozen=True)
class Allowance:
    """What one student has beyond the others; the default is nothing."""

    due_at: datetime | None = None
    closes_at: datetime | None = None
    extra_attempts: int = 0
    tokens: int = 0

    @property
    def is_empty(self) -> bool:
        return self == Allowance()


def merged(one: Allowance, other: Allowance) -> Allowance:
    """What both together give a group: the later dates, the larger number of attempts, the late tokens of both."""
    return Allowance(
        due_at=max((when for when in (one.due_at, other.due_at) if when is not None), default=None),
        closes_at=max((when for when in (one.closes_at, other.closes_at) if when is not None), default=None),
        extra_attempts=max(one.extra_attempts, other.extra_attempts),
        tokens=one.tokens + other.tokens,
    )


@dataclass(frozen=True)
class Terms:
    """`policy` with the dates and the number of attempts that hold for one student."""

    policy: PolicySpec
    dates: DatesSpec
    attempts: int | None
    allowance: Allowance

    @property
    def opens_at(self) -> datetime | None:
        return self.dates.opens_at

    @property
    def due_at(self) -> datetime | None:
        return self.dates.due_at

    @property
    def closes_at(self) -> datetime | None:
        return self.dates.closes_at


def terms_for(policy: PolicySpec, dates: DatesSpec, allowance: Allowance | None = None) -> Terms:
    """An allowance never takes anything away: the later date and the larger number hold."""
    allowance = allowance or Allowance()
    due = own_due(dates.due_at, allowance)
    closes = _later(dates.closes_at, allowance.closes_at)
    if closes is not None and due is not None:
        closes = max(closes, due)  # an extension of the due date would be worth nothing behind a closed door
    attempts = None if policy.attempts is None else policy.attempts + allowance.extra_attempts
    return Terms(policy, DatesSpec(dates.opens_at, due, closes), attempts, allowance)


def own_due(usual: datetime | None, allowance: Allowance | None) -> datetime | None:
    """The due date of a student with this allowance."""
    if usual is None or allowance is None:
        return usual
    own = _later(usual, allowance.due_at)
    return own + allowance.tokens * TOKEN if own is not None else None


def _later(usual: datetime | None, own: datetime | None) -> datetime | None:
    """No date is the latest of all."""
    return None if usual is None else usual if own is None else max(usual, own)
