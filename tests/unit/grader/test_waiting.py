"""How long a submission waits: from what was measured, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grader.waiting.estimate import (
    HELD_BACK,
    NO_WORKER,
    NOT_MEASURED,
    OTHERS_NOT_MEASURED,
    Estimate,
    Taken,
    Workers,
    rest_of_run,
    until_result,
    workers_of,
)
from grader.waiting.words import rough, sentence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENS = [10.0] * 20


def ended(worker: str, ago_s: float, seconds: float = 10.0) -> Taken:
    return Taken(worker, NOW - timedelta(seconds=ago_s), seconds, running=False, lost=False)


def held(worker: str, since_s: float) -> Taken:
    return Taken(worker, NOW - timedelta(seconds=since_s), None, running=True, lost=False)


def silent(worker: str, since_s: float) -> Taken:
    return Taken(worker, NOW - timedelta(seconds=since_s), None, running=True, lost=True)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], Workers(0, 0)),
        ([ended("a", 60)], Workers(1, 0)),
        ([ended("a", 60), ended("a", 50)], Workers(1, 0)),  # one after the other
        ([ended("a", 60), ended("a", 50.5)], Workers(1, 0)),  # the news of an end comes a little late
        ([ended("a", 60), ended("a", 55)], Workers(2, 0)),
        ([held("a", 30), held("a", 20), held("b", 5)], Workers(3, 3)),
        ([held("a", 30), ended("a", 25), ended("a", 12)], Workers(2, 1)),
        ([held("a", 30), silent("b", 90)], Workers(1, 1)),
        ([silent("b", 90), held("b", 20)], Workers(1, 1)),  # it came back
        ([ended("a", 3600)], Workers(0, 0)),  # nobody knows whether it lives
        ([ended("a", 3600), ended("a", 3599), held("a", 30)], Workers(1, 1)),  # it may have been started anew with less
    ],
)
def test_slots_are_those_at_which_living_workers_were_seen(runs: list[Taken], expected: Workers) -> None:
    assert workers_of(runs, NOW) == expected


def test_a_free_slot_means_the_run_time_alone() -> None:
    times = [float(t) for t in range(1, 21)]
    assert until_result(times, {}, {"own": times}, Workers(2, 1)) == Estimate(10.5, 3.0, 18.0, 20)


def test_with_one_slot_all_those_ahead_add_up() -> None:
    found = until_result(TENS, {"own": 5}, {"own": TENS}, Workers(1, 1))
    assert found == Estimate(seconds=65.0, low_s=60.0, high_s=70.0, measured=20)


def test_with_more_slots_it_is_quicker_and_free_ones_hold_nobody_up() -> None:
    def seconds(workers: Workers) -> float:
        found = until_result(TENS, {"own": 8}, {"own": TENS}, workers).seconds
        assert found is not None
        return found

    assert seconds(Workers(1, 1)) == 95.0
    assert seconds(Workers(4, 4)) == pytest.approx(10 + 20 + 2)
    assert seconds(Workers(4, 2)) == pytest.approx(10 + 15 + 2)
    assert seconds(Workers(9, 0)) == 10.0


def test_those_ahead_take_the_time_of_their_own_assignments() -> None:
    found = until_result(TENS, {"long": 2, "own": 1}, {"own": TENS, "long": [600.0] * 9}, Workers(1, 1))
    assert found.seconds == 1200 + 10 + 5 + 10


def test_the_range_holds_the_middle_and_grows_with_the_spread() -> None:
    wild = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 60.0, 90.0, 90.0, 120.0]

    def width(times: list[float], ahead: int, slots: int) -> float:
        found = until_result(times, {"own": ahead} if ahead else {}, {"own": times}, Workers(slots, slots))
        low_s, middle_s, high_s = found.low_s, found.seconds, found.high_s
        assert low_s is not None
        assert middle_s is not None
        assert high_s is not None
        assert 0 <= low_s <= middle_s <= high_s
        return high_s - low_s

    for ahead in (0, 1, 7, 300):
        for slots in (1, 3, 16):
            assert width(wild, ahead, slots) > width(TENS, ahead, slots)


def test_few_measured_runs_give_a_wide_range() -> None:
    assert until_result([8.0], {}, {}, Workers(1, 0)) == Estimate(8.0, 4.0, 16.0, 1)


def test_without_a_measurement_there_is_no_number_but_the_reason() -> None:
    workers = Workers(2, 2)
    assert until_result([], {}, {}, workers) == NOT_MEASURED
    assert until_result(TENS, {"new": 1}, {"own": TENS}, workers) == OTHERS_NOT_MEASURED
    assert until_result(TENS, {"own": 1}, {"own": TENS}, Workers(0, 0)) == NO_WORKER
    assert rest_of_run([], 3.0) == NOT_MEASURED
    for reason in (NOT_MEASURED, OTHERS_NOT_MEASURED, NO_WORKER, HELD_BACK):
        assert reason.seconds is None
        assert sentence(reason).startswith("No estimate")


def test_a_run_under_way_is_told_from_those_that_took_longer() -> None:
    times = [10.0] * 10 + [100.0] * 10
    assert rest_of_run(times, 0.0).seconds == 55.0
    assert rest_of_run(times, 40.0) == Estimate(60.0, 60.0, 60.0, 20)
    over = rest_of_run(times, 100.0)
    assert over.seconds is None
    assert sentence(over) == "No estimate: it already takes longer than the last 20 measured."


def test_words_are_rough() -> None:
    assert [rough(s) for s in (0.4, 9, 54, 59, 200, 580, 3000, 9000)] == [
        "a few seconds", "10 s", "55 s", "1 min", "3 min", "10 min", "50 min", "2.5 h",
    ]  # fmt: skip
    told = sentence(Estimate(190.0, 62.0, 400.0, 50))
    assert told == (
        "Your result in about 3 min, likely between 1 min and 7 min: from the last 50 measured runs of this assignment."
    )
    assert sentence(Estimate(2.0, 1.0, 4.0, 1)) == (
        "Your result in a few seconds: from the one measured run of this assignment."
    )
