"""Proof that every tool grades, then seconds per submission, with the tools taking turns."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.contender import Case, Contender, Marks, PeerError
from benchmarks.peers.notebooks import submissions

EXECUTED = ("executed",)
OURS = "ours"  # how the names of our own contenders begin


@dataclass
class Figures:
    """Of one tool on one notebook."""

    name: str
    what: str
    seconds: list[float] = field(default_factory=list)  # per submission; of a batch that tells no more, its mean
    rounds: list[float] = field(default_factory=list)  # seconds per submission of each batch

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)

    @property
    def per_minute(self) -> float:
        """Of the median round."""
        return 60 / statistics.median(self.rounds)


@dataclass(frozen=True)
class Batch:
    """Submissions to each tool in one round: the quick ones need more of them for a figure that can be trusted."""

    peers: int
    ours: int

    def size(self, contender: Contender) -> int:
        return self.ours if contender.name.startswith(OURS) else self.peers


@dataclass(frozen=True)
class Comparison:
    case: Case
    rounds: Sequence[Batch]  # that were done
    figures: Sequence[Figures]
    load: tuple[float, float]  # 1-minute load average of the machine, before and after

    def ratios(self, ours: Figures, other: Figures) -> list[float]:
        """How many times the other's submissions per minute, round by round.

        Within a round both had the same machine; the median is hardly moved by one round in which it was busy.
        """
        return [theirs / own for theirs, own in zip(other.rounds, ours.rounds, strict=True)]


def verify(contender: Contender, case: Case) -> None:
    """Grades the solved and the wrong notebook once. Raises PeerError unless the marks tell them apart rightly."""
    contender.stage([case.solved, case.wrong])
    contender.run()
    marks = contender.marks()
    if len(marks) != 2:
        raise PeerError(f"{contender.name}: 2 notebooks were handed in, {len(marks)} came back")
    full_marks(contender, case, marks[:1])
    if contender.grades:
        lost = {function for function in case.functions if marks[1].get(function, 0.0) < 1.0}
        if lost != {case.wrong_function}:
            raise PeerError(f"{contender.name}: only {case.wrong_function} is wrong, but points were lost in {lost}")
    elif marks[1].get("executed", 0.0) == 1.0:
        raise PeerError(f"{contender.name}: the outputs of a wrong notebook were taken for right ones")


def full_marks(contender: Contender, case: Case, marks: Sequence[Marks]) -> None:
    """Raises PeerError unless every submission got all points of every function."""
    wanted = case.functions if contender.grades else EXECUTED
    for mark in marks:
        lacking = [f"{key} {mark.get(key, 'not graded')}" for key in wanted if mark.get(key) != 1.0]
        if lacking:
            raise PeerError(f"{contender.name}: the solved notebook did not get full marks: {', '.join(lacking)}")


def batches(peers: int, ours: int, rounds: int) -> list[Batch]:
    """The submissions shared out over at most `rounds` rounds as evenly as can be."""
    rounds = min(rounds, peers, ours)
    shares = ([count // rounds + (number < count % rounds) for number in range(rounds)] for count in (peers, ours))
    return [Batch(*share) for share in zip(*shares, strict=True)]


def compare(
    case: Case,
    contenders: Sequence[Contender],
    rounds: Sequence[Batch],
    say: Callable[[str], None],
    until: float = math.inf,
    copies: Callable[[Path, int], Sequence[Path]] = submissions,
) -> Comparison:
    """Every round each tool grades one batch, in turn forwards and backwards, so that a busy spell hits all alike.

    `until`: time.monotonic() after which no further round is begun; a round that would last as long as the one
    before and end later is not begun either. The first one always is.
    """
    before = os.getloadavg()[0]
    figures = {contender.name: Figures(contender.name, contender.what) for contender in contenders}
    done: list[Batch] = []
    last_s = 0.0
    for number, batch in enumerate(rounds):
        began = time.monotonic()
        if done and began + last_s > until:
            say(f"no time for more than {len(done)} of {len(rounds)} rounds")
            break
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            _one_batch(contender, case, copies(case.solved, batch.size(contender)), figures[contender.name])
            say(f"round {number + 1} of {len(rounds)}, {contender.name}: {figures[contender.name].rounds[-1]:.2f} s")
        done.append(batch)
        last_s = time.monotonic() - began
    return Comparison(case, done, list(figures.values()), (before, os.getloadavg()[0]))


def _one_batch(contender: Contender, case: Case, notebooks: Sequence[Path], figures: Figures) -> None:
    batch = len(notebooks)
    contender.stage(notebooks)
    began = time.perf_counter()
    each = contender.run()
    wall_s = time.perf_counter() - began
    marks = contender.marks()
    if len(marks) != batch or (each is not None and len(each) != batch):
        raise PeerError(f"{contender.name}: {batch} submissions were handed in, {len(marks)} came back")
    full_marks(contender, case, marks)
    figures.seconds.extend([wall_s / batch] if each is None else each)
    figures.rounds.append((wall_s if each is None else sum(each)) / batch)
