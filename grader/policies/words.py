"""The rules in one sentence each, with their numbers, as the student reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from grader.policies.evaluation import Refusal, Room, kept_share, lateness
from grader.policies.terms import Terms

When = Callable[[datetime], str]  # a time as its reader reads it
COUNTS = {
    "best": "your best attempt counts",
    "last": "your last attempt counts",
    "chosen": "the attempt that you choose counts (the best one, until you choose)",
}


def policy_text(terms: Terms, now: datetime, room: Room, when: When) -> str:
    """All rules that hold for one student now."""
    parts = [_attempts(terms, room), COUNTS[terms.policy.counted]]
    if terms.policy.cooldown_minutes:
        parts.append(f"wait {minutes_text(terms.policy.cooldown_minutes)} between two attempts")
    if terms.policy.supersedes:
        parts.append("a newer attempt takes the place of one that still waits to be graded")
    sentence = "; ".join(parts)
    return " ".join(s for s in (f"{sentence[0].upper()}{sentence[1:]}.", _dates(terms, now, when), _late(terms)) if s)


def lateness_text(terms: Terms, at: datetime) -> str:
    """What being late cost an attempt, in words; "" when it was in time."""
    late = lateness(terms, at)
    if not late:
        return ""
    kept = kept_share(terms, at)
    cost = "without a penalty" if kept == 1.0 else f"so {_number(100 - 100 * kept)} % of its points were taken off"
    return f"Handed in {duration_text(late)} late, {cost}."


def refusal_text(refusal: Refusal, terms: Terms, when: When) -> str:
    if refusal.code == "not-open":
        at = f" It opens on {when(refusal.until)}." if refusal.until else ""
        return f"This assignment is not open.{at}"
    if refusal.code == "closed":
        at = f" on {when(terms.closes_at)}" if terms.closes_at else ""
        return (
            f"This assignment closed{at}, so nothing more is accepted. What you handed in before stays as it is. "
            "Ask the staff of your course if you need an extension."
        )
    if refusal.code == "no-attempts-left":
        return (
            f"All of your {_count(terms.attempts or 0, 'attempt')} are used. What you handed in before stays as it "
            "is. Ask the staff of your course if you need another attempt."
        )
    at = f" The next one is accepted from {when(refusal.until)}." if refusal.until else ""
    return f"Between two attempts you have to wait {minutes_text(terms.policy.cooldown_minutes)}.{at}"


def _attempts(terms: Terms, room: Room) -> str:
    if terms.attempts is None:
        return "you may hand in as often as you like"
    if room.left == 0:
        return f"all of your {_count(terms.attempts, 'attempt')} are used"
    return f"{room.left} of your {_count(terms.attempts, 'attempt')} {'is' if room.left == 1 else 'are'} left"


def _dates(terms: Terms, now: datetime, when: When) -> str:
    due, closes = terms.due_at, terms.closes_at
    closing = f"{'closed' if closes and now > closes else 'closes'} on {when(closes)}" if closes else ""
    if due is None:
        return f"It {closing}." if closing else "There is no due date."
    own = " for you" if terms.allowance.due_at or terms.allowance.tokens else ""
    text = f"It {'was' if now > due else 'is'} due{own} on {when(due)}"
    if closes == due:
        return f"{text}; nothing is accepted after that."
    return f"{text} and {closing}." if closing else f"{text}."


def _late(terms: Terms) -> str:
    policy = terms.policy
    if terms.due_at is None or terms.closes_at == terms.due_at:
        return ""
    if not policy.late_percent:
        return "Late work is accepted without a penalty."
    text = f"Late work loses {_number(policy.late_percent)} % of its points for each {policy.late_per} begun"
    if policy.grace_minutes:
        text += f", counted from {minutes_text(policy.grace_minutes)} after the due date"
    if policy.late_floor_percent:
        text += f", and keeps at least {_number(policy.late_floor_percent)} %"
    return f"{text}."


def late_now_text(terms: Terms, now: datetime) -> str:
    """What handing in at this moment would cost; "" when nothing."""
    kept = kept_share(terms, now)
    return "" if kept == 1.0 else f"Handed in now, work loses {_number(100 - 100 * kept)} % of its points."


def duration_text(span: timedelta) -> str:
    """The two largest units: "2 days 3 hours", "45 minutes"; never "0"."""
    minutes = max(1, round(span.total_seconds() / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [_count(n, unit) for n, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")) if n]
    return " ".join(parts[:2])


def minutes_text(minutes: float) -> str:
    return duration_text(timedelta(minutes=minutes)) if minutes >= 1 else f"{_number(minutes * 60)} seconds"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
