"""How long until a result is there, from run times that were measured. Pure: no database, no clock.

Never a guess: where something needed was not measured, there is no number but the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median, pvariance

FEW = 5  # with fewer measured runs their spread says nothing: half of the least to twice the most is taken
SETTLING_S = 1.0  # the news of an end may come this much after the news of the next start on the same slot
SHARE_SURE = 0.9  # of an ended run's time: so much of it surely did not overlap with its follower's
SEEN = timedelta(minutes=10)  # a worker that holds nothing and ended nothing for longer is not counted on
TAIL = 0.1  # the range leaves out this share of the measured times at each end
TAIL_SIGMAS = 1.28  # the same share of a normal distribution


@dataclass(frozen=True)
class Taken:
    """One run that a worker took up lately."""

    worker: str
    started_at: datetime
    seconds: float | None  # None: it has not ended with a result
    running: bool
    lost: bool  # its worker fell silent

    def within(self, moment: datetime) -> bool:
        """Whether it was under way at that moment or later, as far as is known."""
        return self.running or self.started_at + timedelta(seconds=self.seconds or 0.0) >= moment


@dataclass(frozen=True)
class Workers:
    """`slots`: runs at a time that living workers were seen to hold; `busy`: that they hold now."""

    slots: int
    busy: int


@dataclass(frozen=True)
class Estimate:
    """Seconds from now until the result; None with `why_not` where nothing honest can be said."""

    seconds: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    measured: int = 0  # runs of this assignment that it rests on
    why_not: str = ""


NOT_MEASURED = Estimate(why_not="No estimate yet: no run of this assignment has been measured.")
OTHERS_NOT_MEASURED = Estimate(why_not="No estimate yet: runs ahead of it are of assignments not measured so far.")
NO_WORKER = Estimate(why_not="No estimate yet: no worker has been seen at work lately.")
NO_GPU_WORKER = Estimate(
    why_not="No estimate: it needs a GPU, and no worker with one is there now. It is kept and waits; staff see this."
)
HELD_BACK = Estimate(why_not="No estimate: an administrator holds the queue back for now.")


def workers_of(runs: Sequence[Taken], now: datetime) -> Workers:
    """The slots of the workers that live, as their runs show them: never more than there are."""
    slots = busy = 0
    for name in {run.worker for run in runs}:
        own = sorted((run for run in runs if run.worker == name), key=lambda run: run.started_at)
        if own[-1].lost:
            continue
        recent = [run for run in own if run.within(now - SEEN)]
        slots += max(1, _most_at_once(recent, now)) if recent else 0
        busy += sum(run.running and not run.lost for run in own)
    return Workers(max(slots, busy), busy)


def _most_at_once(runs: Sequence[Taken], now: datetime) -> int:
    changes: list[tuple[datetime, int]] = []
    for run in runs:
        sure_s = SHARE_SURE * run.seconds if run.seconds is not None else None
        if run.running and not run.lost:
            sure_s = (now - run.started_at).total_seconds() - SETTLING_S
        if sure_s is not None and sure_s > 0:
            changes += [(run.started_at, 1), (run.started_at + timedelta(seconds=sure_s), -1)]
    most = level = 0
    for _, change in sorted(changes):  # at the same moment an end comes before a start
        level += change
        most = max(most, level)
    return most


def until_result(
    own: Sequence[float], ahead: Mapping[str, int], times: Mapping[str, Sequence[float]], workers: Workers
) -> Estimate:
    """Of a run that waits. `own`: measured seconds of its assignment; `ahead`: how many runs of which assignments
    are before it; `times`: the measured seconds of those."""
    if not own:
        return NOT_MEASURED
    if any(not times.get(key) for key in ahead):
        return OTHERS_NOT_MEASURED
    if not workers.slots:
        return NO_WORKER
    low, high = _range(own)
    place, free = sum(ahead.values()), workers.slots - workers.busy
    if place < free:
        return Estimate(median(own), low, high, len(own))
    share = (place - free) / place if place else 0.0  # those that find a free slot do not hold it up
    work_s = share * sum(count * fmean(times[key]) for key, count in ahead.items())
    spread_s = math.sqrt(share * sum(count * pvariance(times[key]) for key, count in ahead.items()))
    # Runs under way end evenly over their time, so the first of several slots is free after this share of one run.
    first_s = fmean(own) / (workers.slots + 1)
    wait_s = work_s / workers.slots + first_s
    off_s = TAIL_SIGMAS * spread_s / workers.slots
    latest_s = wait_s + off_s + fmean(own) - first_s
    return Estimate(wait_s + median(own), max(0.0, wait_s - first_s - off_s) + low, latest_s + high, len(own))


def rest_of_run(own: Sequence[float], elapsed_s: float) -> Estimate:
    """Of a run under way: as those measured runs that took longer than it has taken so far."""
    if not own:
        return NOT_MEASURED
    longer = [seconds for seconds in own if seconds > elapsed_s]
    if not longer:
        last = f"the last {len(own)} measured" if len(own) > 1 else "the one measured so far"
        return Estimate(measured=len(own), why_not=f"No estimate: it already takes longer than {last}.")
    low, high = _range(longer)
    return Estimate(median(longer) - elapsed_s, max(0.0, low - elapsed_s), high - elapsed_s, len(own))


def _range(times: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(times)
    if len(ordered) < FEW:
        return ordered[0] / 2, ordered[-1] * 2
    cut = int(TAIL * len(ordered))
    return ordered[cut], ordered[-1 - cut]
