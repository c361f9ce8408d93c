from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assignments.policy import DatesSpec, PolicySpec
from grader.policies.evaluation import room
from grader.policies.terms import Allowance, terms_for
from grader.policies.words import duration_text, late_now_text, lateness_text, policy_text, refusal_text

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STRICT = PolicySpec(
    attempts=3, cooldown_minutes=10, late_percent=10, late_floor_percent=50, grace_minutes=15, counted="last"
)


def when(moment: datetime) -> str:
    return f"{moment:%-d %b %H:%M}"


def said(policy: PolicySpec, dates: DatesSpec, now: datetime, made: int = 0, allowance: Allowance | None = None) -> str:
    terms = terms_for(policy, dates, allowance)
    return policy_text(terms, now, room(terms, now, [DUE - 5 * DAY] * made), when)


def test_the_default_rules_are_short() -> None:
    text = said(PolicySpec(), DatesSpec(), DUE)
    assert text == "You may hand in as often as you like; your best attempt counts. There is no due date."


def test_strict_rules_with_all_their_numbers() -> None:
    text = said(STRICT, DatesSpec(due_at=DUE, closes_at=DUE + 7 * DAY), DUE - DAY, made=1)
    assert text == (
        "2 of your 3 attempts are left; your last attempt counts; wait 10 minutes between two attempts; "
        "a newer attempt takes the place of one that still waits to be graded. "
        "It is due on 20 Nov 12:00 and closes on 27 Nov 12:00. Late work loses 10 % of its points for each day begun, "
        "counted from 15 minutes after the due date, and keeps at least 50 %."
    )


def test_after_the_due_date_and_with_an_extension() -> None:
    dates = DatesSpec(due_at=DUE, closes_at=DUE)
    own = said(STRICT, dates, DUE + DAY, made=2, allowance=Allowance(due_at=DUE + 2 * DAY))
    assert "1 of your 3 attempts is left" in own
    assert own.endswith("It is due for you on 22 Nov 12:00; nothing is accepted after that.")
    assert "was due on 20 Nov 12:00." in said(PolicySpec(), DatesSpec(due_at=DUE), DUE + DAY)


def test_refusals_say_what_is_wrong_and_what_to_do() -> None:
    terms = terms_for(STRICT, DatesSpec(opens_at=DUE - 9 * DAY, due_at=DUE, closes_at=DUE + DAY))
    texts = []
    for now, made in ((DUE - 10 * DAY, []), (DUE + 2 * DAY, []), (DUE, [DUE] * 3), (DUE, [DUE])):
        refusal = room(terms, now, made).refusal
        assert refusal is not None
        texts.append(refusal_text(refusal, terms, when))
    assert "opens on 11 Nov 12:00" in texts[0]
    assert "closed on 21 Nov 12:00" in texts[1]
    assert "stays as it is" in texts[1]
    assert "All of your 3 attempts are used" in texts[2]
    assert texts[3] == "Between two attempts you have to wait 10 minutes. The next one is accepted from 20 Nov 12:10."


def test_what_lateness_cost() -> None:
    terms = terms_for(STRICT, DatesSpec(due_at=DUE))
    assert lateness_text(terms, DUE) == ""
    assert lateness_text(terms, DUE + timedelta(minutes=5)) == "Handed in 5 minutes late, without a penalty."
    assert "1 day 3 hours late, so 20 % of its points" in lateness_text(terms, DUE + timedelta(hours=27))
    assert late_now_text(terms, DUE) == ""
    assert late_now_text(terms, DUE + DAY) == "Handed in now, work loses 10 % of its points."


def test_durations_have_their_two_largest_units() -> None:
    assert duration_text(timedelta(seconds=5)) == "1 minute"
    assert duration_text(timedelta(days=2, hours=3, minutes=9)) == "2 days 3 hours"
