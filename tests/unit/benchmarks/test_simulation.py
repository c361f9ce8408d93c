"""The simulated night loses nothing, is the same for one seed, and shows what the rule is for."""

from __future__ import annotations

from benchmarks.run_times import RunTimes
from benchmarks.simulation import COURSES, Fair, FirstCome, Upload, Waited, night, percentile, simulate

TIMES = RunTimes("made up", {slug: [2.0, 3.0] for _, _, slug, _, _ in COURSES})


def uploads() -> list[Upload]:
    return [each for each in night(150, TIMES, 3, 1.0) if each.queue == "cpu"]


def waits(found: list[Waited], kind: str) -> list[float]:
    return [each.seconds for each in found if each.upload.kind == kind]


def test_each_upload_is_begun_once_and_never_before_it_came() -> None:
    for line in (FirstCome(), Fair()):
        found = simulate(uploads(), 3, line)
        assert sorted(each.upload.job.id for each in found) == sorted(each.job.id for each in uploads())
        assert min(each.seconds for each in found) >= 0.0


def test_one_seed_gives_one_night() -> None:
    assert simulate(uploads(), 3, Fair()) == simulate(uploads(), 3, Fair())


def test_first_attempts_wait_less_under_the_fair_rule_when_there_are_too_few_workers() -> None:
    fair, first_come = (waits(simulate(uploads(), 2, line), "first") for line in (Fair(), FirstCome()))
    assert percentile(fair, 0.95) < percentile(first_come, 0.95) / 2
