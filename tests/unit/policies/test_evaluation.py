from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.policy import COUNTED, UNITS, DatesSpec, PolicySpec
from grader.policies.evaluation import Attempt, counted, kept_share, lateness, room, tokens_left
from grader.policies.terms import TOKEN, Allowance, Terms, terms_for

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def terms(*, allowance: Allowance | None = None, closes: datetime | None = None, **rules: object) -> Terms:
    policy = replace(PolicySpec(), **rules)  # type: ignore[arg-type]
    return terms_for(policy, DatesSpec(due_at=DUE, closes_at=closes), allowance)


@pytest.mark.parametrize(
    ("late", "kept"),
    [(-DAY, 1.0), (0 * DAY, 1.0), (MINUTE, 0.9), (DAY, 0.9), (DAY + MINUTE, 0.8), (5 * DAY, 0.5), (50 * DAY, 0.4)],
)
def test_each_day_begun_costs_its_percentage_down_to_the_floor(late: timedelta, kept: float) -> None:
    assert kept_share(terms(late_percent=10, late_floor_percent=40), DUE + late) == pytest.approx(kept)


def test_grace_is_free_and_the_penalty_counts_from_its_end() -> None:
    rules = terms(late_percent=10, late_per="hour", grace_minutes=30)
    assert kept_share(rules, DUE + 30 * MINUTE) == 1.0
    assert kept_share(rules, DUE + 31 * MINUTE) == pytest.approx(0.9)
    assert kept_share(rules, DUE + 90 * MINUTE) == pytest.approx(0.9)
    assert kept_share(rules, DUE + 91 * MINUTE) == pytest.approx(0.8)
    assert lateness(rules, DUE + 10 * MINUTE) == 10 * MINUTE


def test_without_a_due_date_nothing_is_late() -> None:
    free = terms_for(PolicySpec(late_percent=50), DatesSpec())
    assert kept_share(free, DUE + 99 * DAY) == 1.0


def test_extension_and_tokens_move_the_due_date_and_hold_the_door_open() -> None:
    closes = DUE + DAY
    own = terms(closes=closes, allowance=Allowance(due_at=DUE + 2 * DAY, tokens=1))
    assert own.due_at == DUE + 2 * DAY + TOKEN
    assert own.closes_at == own.due_at
    earlier = terms(closes=closes, allowance=Allowance(due_at=DUE - DAY))
    assert (earlier.due_at, earlier.closes_at) == (DUE, closes)


@pytest.mark.parametrize(
    ("now", "made", "code"),
    [
        (DUE - 3 * DAY, [], "not-open"),
        (DUE - DAY, [], None),
        (DUE - DAY, [DUE - DAY - 9 * MINUTE], "cooling-down"),
        (DUE - DAY, [DUE - DAY - 10 * MINUTE], None),
        (DUE - DAY, [DUE - 2 * DAY] * 3, "no-attempts-left"),
        (DUE + DAY, [], None),
        (DUE + DAY + MINUTE, [], "closed"),
    ],
)
def test_what_is_refused_and_why(now: datetime, made: list[datetime], code: str | None) -> None:
    dates = DatesSpec(opens_at=DUE - 2 * DAY, due_at=DUE, closes_at=DUE + DAY)
    found = room(terms_for(PolicySpec(attempts=3, cooldown_minutes=10), dates), now, made)
    assert (found.refusal.code if found.refusal else None) == code
    if code == "cooling-down":
        assert found.refusal is not None
        assert found.refusal.until == made[0] + 10 * MINUTE


def test_extra_attempts_are_added_and_mean_nothing_where_attempts_are_free() -> None:
    more = Allowance(extra_attempts=2)
    assert room(terms(attempts=1, allowance=more), DUE, [DUE - DAY]).left == 2
    assert room(terms(allowance=more), DUE, [DUE - DAY] * 50).left is None


GOOD_BUT_LATE = Attempt("b", 2, DUE + HOUR, 1.0)
FAIR_IN_TIME = Attempt("a", 1, DUE - HOUR, 0.7)


def test_the_best_attempt_is_the_one_worth_most_after_its_penalty() -> None:
    both = [FAIR_IN_TIME, GOOD_BUT_LATE]
    assert counted(terms(late_percent=10), both) == GOOD_BUT_LATE
    assert counted(terms(late_percent=50), both) == FAIR_IN_TIME
    assert counted(terms(late_percent=50, counted="last"), both) == GOOD_BUT_LATE
    assert counted(terms(late_percent=50, counted="chosen"), both, "b") == GOOD_BUT_LATE
    assert counted(terms(late_percent=50, counted="chosen"), both, None) == FAIR_IN_TIME
    assert counted(terms(counted="chosen"), both, "gone") == GOOD_BUT_LATE
    assert counted(terms(), []) is None


def test_of_equal_attempts_the_earliest_counts() -> None:
    again = replace(FAIR_IN_TIME, id="c", number=3)
    assert counted(terms(), [again, FAIR_IN_TIME]) == FAIR_IN_TIME


def test_late_tokens_are_limited_by_course_and_assignment() -> None:
    assert tokens_left(terms(late_tokens=2), 5, 1) == 2
    assert tokens_left(terms(late_tokens=2, allowance=Allowance(tokens=1)), 5, 4) == 1
    assert tokens_left(terms(late_tokens=2), 1, 3) == 0


policies = st.builds(
    PolicySpec,
    attempts=st.none() | st.integers(1, 5),
    cooldown_minutes=st.floats(0, 100),
    counted=st.sampled_from(COUNTED),
    late_percent=st.floats(0, 100),
    late_per=st.sampled_from(UNITS),
    late_floor_percent=st.floats(0, 100),
    grace_minutes=st.floats(0, 500),
)
moments = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
allowances = st.builds(
    Allowance, due_at=st.none() | moments, extra_attempts=st.integers(0, 3), tokens=st.integers(0, 3)
)
attempt_lists = st.lists(st.tuples(moments, st.floats(0, 1)), max_size=6).map(
    lambda rows: [Attempt(str(i), i, at, share) for i, (at, share) in enumerate(rows, start=1)]
)


@given(policies, allowances, moments, moments)
def test_later_never_keeps_more_and_the_share_stays_between_floor_and_one(
    policy: PolicySpec, allowance: Allowance, one: datetime, other: datetime
) -> None:
    rules = terms_for(policy, DatesSpec(due_at=DUE), allowance)
    early, late = sorted((one, other))
    assert kept_share(rules, early) >= kept_share(rules, late)
    assert policy.late_floor_percent / 100 <= kept_share(rules, late) <= 1.0


@given(policies, allowances, moments)
def test_an_allowance_never_takes_anything_away(policy: PolicySpec, allowance: Allowance, at: datetime) -> None:
    dates = DatesSpec(due_at=DUE, closes_at=DUE + 3 * DAY)
    usual, own = terms_for(policy, dates), terms_for(policy, dates, allowance)
    assert kept_share(own, at) >= kept_share(usual, at)
    if room(usual, at, [DUE - 9 * DAY]).refusal is None:
        assert room(own, at, [DUE - 9 * DAY]).refusal is None


@given(policies, attempt_lists, st.none() | st.integers(1, 6).map(str))
def test_what_counts_is_one_of_the_attempts_and_best_is_never_worth_less(
    policy: PolicySpec, attempts: list[Attempt], chosen: str | None
) -> None:
    rules = terms_for(policy, DatesSpec(due_at=DUE))
    found = counted(rules, attempts, chosen)
    assert (found in attempts) if attempts else found is None
    if found is not None and policy.counted == "best":
        worth = [a.share * kept_share(rules, a.at) for a in attempts]
        assert found.share * kept_share(rules, found.at) == max(worth)
    assert counted(rules, list(reversed(attempts)), chosen) == found
