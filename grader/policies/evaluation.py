"""From terms to decisions: how late, how much of the points stays, whether one may hand in, which attempt counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from grader.policies.terms import Terms

UNIT = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True)
class Attempt:
    """An attempt that was graded. `share` is points by most points, before any penalty."""

    id: str
    number: int
    at: datetime
    share: float


@dataclass(frozen=True)
class Refusal:
    """Why nothing is accepted now. `until`: when it will be, where time alone mends it."""

    code: str  # "not-open", "closed", "no-attempts-left" or "cooling-down"
    until: datetime | None = None


@dataclass(frozen=True)
class Room:
    """What a student may still do now. `left` is None where attempts are not limited."""

    refusal: Refusal | None
    used: int
    left: int | None


def lateness(terms: Terms, at: datetime) -> timedelta:
    """How long after the due date; zero when in time. Grace does not change whether it was late, only its price."""
    if terms.due_at is None:
        return timedelta(0)
    return max(at - terms.due_at, timedelta(0))


def kept_share(terms: Terms, at: datetime) -> float:
    """The share of the points that work handed in at that time keeps, from 0 to 1."""
    policy = terms.policy
    over = lateness(terms, at) - timedelta(minutes=policy.grace_minutes)
    if over <= timedelta(0) or policy.late_percent == 0:
        return 1.0
    units = math.ceil(over / UNIT[policy.late_per])
    return max(1.0 - units * policy.late_percent / 100, policy.late_floor_percent / 100, 0.0)


def room(terms: Terms, now: datetime, made: Sequence[datetime]) -> Room:
    """`made`: when the student's attempts that use one up were handed in; what failed through us is not among them."""
    left = None if terms.attempts is None else max(terms.attempts - len(made), 0)
    return Room(_refusal(terms, now, made, left), len(made), left)


def _refusal(terms: Terms, now: datetime, made: Sequence[datetime], left: int | None) -> Refusal | None:
    if terms.opens_at is not None and now < terms.opens_at:
        return Refusal("not-open", terms.opens_at)
    if terms.closes_at is not None and now > terms.closes_at:
        return Refusal("closed")
    if left == 0:
        return Refusal("no-attempts-left")
    again = max(made, default=None)
    # two uploads at the same moment: the other one may be the later, by the clock
    if again is not None and terms.policy.cooldown_minutes:
        again += timedelta(minutes=terms.policy.cooldown_minutes)
        if now < again:
            return Refusal("cooling-down", again)
    return None


def counted(terms: Terms, attempts: Sequence[Attempt], chosen: str | None = None) -> Attempt | None:
    """The attempt that counts; None without any. Where the student chooses and has not, the best counts.

    The best is the one worth most after its penalty; among equals the earliest.
    """
    if not attempts:
        return None
    if terms.policy.counted == "last":
        return max(attempts, key=lambda attempt: attempt.number)
    picked = next((a for a in attempts if a.id == chosen), None)
    if terms.policy.counted == "chosen" and picked is not None:
        return picked
    return max(attempts, key=lambda a: (a.share * kept_share(terms, a.at), -a.number))


def tokens_left(terms: Terms, course_tokens: int, spent_in_course: int) -> int:
    """How many late tokens the student may still spend on this assignment."""
    return max(0, min(terms.policy.late_tokens - terms.allowance.tokens, course_tokens - spent_in_course))
