"""The night of a deadline: 5,000 students, 50 CPU and 8 GPU workers, first-come against the fair queue.

    .venv/bin/python -m benchmarks.simulation [--students 5000] [--cpu 50] [--gpu 8] [--seed 1] [--slower 1.0]

A simulation of the queue alone, in no real time: jobs are handed out by the service's own rule and window
(grader.queueing), runs take what was measured (benchmarks/run_times.json, made by benchmarks.run_times), times the
difference between students' notebooks. Four courses of different sizes have their deadline at the same hour;
uploads grow towards it. One student in a hundred uploads thirty times, and one course has 400 runs graded again
half an hour before. Prints how long uploads waited until a worker began them.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.machine import machine
from benchmarks.run_times import RunTimes
from grader.queueing.rule import Job, Shares, Turns
from grader.queueing.window import AHEAD_S, room_for

HOURS = 3.0  # before the deadline at which uploads begin
HURRY_S = 900.0  # uploads grow e-fold in so much time
MORE_ATTEMPTS = 0.55  # the chance of each further one
FLOODERS, FLOOD = 0.01, 30
RERUNS, RERUN_BEFORE_S = 400, 1800.0
SPREAD = 0.6  # of the logarithm of how much slower students' notebooks are than the solution
LEAST = 4  # the service's own default of GRADER_QUEUE_WINDOW

# share of the students, assignment, queue, how many times the measured time (None: as measured)
COURSES = (
    ("large", 0.55, "coursework-4-hyperspheres", "cpu", 6.0),
    ("middle", 0.25, "gradients-2-backprop", "cpu", 3.0),
    ("small", 0.05, "loss-1-regression", "cpu", 1.0),
    ("deep", 0.15, "fashion-mnist-mlp", "gpu", 1.0),
)


@dataclass(frozen=True)
class Upload:
    job: Job
    queue: str
    kind: str  # "first", "later", "flood" or "again"
    takes_s: float


@dataclass(frozen=True)
class Waited:
    upload: Upload
    seconds: float


def night(students: int, times: RunTimes, seed: int, slower: float) -> list[Upload]:
    """All uploads, oldest first; 0 is when the first may come."""
    chance, number, found = random.Random(seed), count(), []  # noqa: S311
    end_s = HOURS * 3600

    def upload(course: tuple[str, float, str, str, float], student: str, at: float, kind: str) -> Upload:
        name, _, slug, queue, factor = course
        mean_s = factor * slower * sum(times.seconds[slug]) / len(times.seconds[slug])
        takes_s = factor * slower * chance.choice(times.seconds[slug]) * chance.lognormvariate(0.0, SPREAD)
        job = Job(f"{next(number):06}", name, student, slug, at, mean_s, first=kind == "first", again=kind == "again")
        return Upload(job, queue, kind, takes_s)

    for course in COURSES:
        for one in range(round(students * course[1])):
            student, at = f"{course[0]}-{one}", end_s - min(chance.expovariate(1 / HURRY_S), end_s)
            flood = chance.random() < FLOODERS
            found.append(upload(course, student, at, "flood" if flood else "first"))
            further = FLOOD - 1 if flood else 0
            while not flood and chance.random() < MORE_ATTEMPTS:
                further += 1
            for _ in range(further):
                at += chance.expovariate(1 / (5.0 if flood else 300.0))
                found.append(upload(course, student, at, "flood" if flood else "later"))
    found += [upload(COURSES[0], f"again-{one}", end_s - RERUN_BEFORE_S, "again") for one in range(RERUNS)]
    return sorted(found, key=lambda each: each.job.since)


class FirstCome:
    """What waits is begun in the order in which it came."""

    def __init__(self) -> None:
        self._waiting: deque[Upload] = deque()

    def add(self, upload: Upload) -> None:
        self._waiting.append(upload)

    def take(self, running: int, now: float) -> Upload | None:
        return self._waiting.popleft() if self._waiting else None


class Fair:
    """The broker holds a window, filled by the rule; see grader.queueing.dispatching."""

    def __init__(self) -> None:
        self._waiting: dict[str, Upload] = {}
        self._broker: deque[Upload] = deque()
        self._begun: deque[float] = deque()
        self._shares = Shares()

    def add(self, upload: Upload) -> None:
        self._waiting[upload.job.id] = upload

    def take(self, running: int, now: float) -> Upload | None:
        while self._begun and self._begun[0] <= now - AHEAD_S:
            self._begun.popleft()
        self._fill(running)
        taken = self._broker.popleft() if self._broker else None
        if taken is not None:
            self._begun.append(now)
            self._fill(running + 1)
        return taken

    def _fill(self, running: int) -> None:
        room = room_for(len(self._broker), running, LEAST, len(self._begun))
        if room and self._waiting:
            turns = Turns([each.job for each in self._waiting.values()], self._shares)
            for _, job in zip(range(room), turns, strict=False):
                self._broker.append(self._waiting.pop(job.id))


def simulate(uploads: Sequence[Upload], workers: int, line: FirstCome | Fair) -> list[Waited]:
    """One queue with so many slots: what comes and what ends, in the order of time."""
    found: list[Waited] = []
    ends: list[float] = []
    coming = deque(uploads)
    while coming or ends:
        if coming and (not ends or coming[0].job.since <= ends[0]):
            now, upload = coming[0].job.since, coming.popleft()
            line.add(upload)
        else:
            now = heapq.heappop(ends)
        while len(ends) < workers and (begun := line.take(len(ends), now)) is not None:
            heapq.heappush(ends, now + begun.takes_s)
            found.append(Waited(begun, now - begun.job.since))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(results: dict[str, list[Waited]], title: str, select: dict[str, list[str]]) -> list[str]:
    """One row a group of uploads, with the waits of each way side by side."""
    lines = [f"{title:34} {'uploads':>8}" + "".join(f"   {name:^31}" for name in results)]
    lines.append(" " * 43 + "".join(f"   {'p50':>6} {'p95':>7} {'p99':>7} {'most':>8}" for _ in results))
    for name, kinds in select.items():
        cells, number = "", 0
        for waits in results.values():
            seconds = [each.seconds for each in waits if each.upload.kind in kinds or each.upload.job.course in kinds]
            number = len(seconds)
            if seconds:
                p50, p95, p99 = (percentile(seconds, share) for share in (0.5, 0.95, 0.99))
                cells += f"   {p50:6.0f} {p95:7.0f} {p99:7.0f} {max(seconds):8.0f}"
        lines.append(f"{name:34} {number:8}{cells}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=5000)
    parser.add_argument("--cpu", type=int, default=50)
    parser.add_argument("--gpu", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slower", type=float, default=1.0, help="all runs take so many times as long")
    chosen = parser.parse_args()
    times = RunTimes.read()
    uploads = night(chosen.students, times, chosen.seed, chosen.slower)
    print(f"# a deadline night, {chosen.students} students, simulated (seed {chosen.seed}) on {machine()}")
    print(f"run times measured on {times.machine}")
    for queue, workers in (("cpu", chosen.cpu), ("gpu", chosen.gpu)):
        own = [each for each in uploads if each.queue == queue]
        last_hour = sum(each.takes_s for each in own if each.job.since > (HOURS - 1) * 3600) / workers / 3600
        print(f"\n{workers} {queue} workers, {len(own)} runs; work that comes in the last hour and after it: ", end="")
        print(f"{100 * last_hour:.0f} % of an hour of theirs. Seconds until a worker began:")
        results = {"first-come": simulate(own, workers, FirstCome()), "fair": simulate(own, workers, Fair())}
        for name, waits in results.items():
            if sorted(each.upload.job.id for each in waits) != sorted(each.job.id for each in own):
                raise SystemExit(f"{name}: not every run was begun exactly once")
        groups = {
            "first attempts": ["first"], "later attempts": ["later"], "of students who upload 30 times": ["flood"],
            "graded again by staff": ["again"],
        } | {f"course {name!r}": [name] for name, _, _, its, _ in COURSES if its == queue}  # fmt: skip
        kinds = {each.kind for each in own} | {name for name, *_ in COURSES}
        print("\n".join(table(results, "", {name: of for name, of in groups.items() if set(of) & kinds})))


if __name__ == "__main__":
    main()
