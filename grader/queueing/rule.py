"""Who is next among those that wait. Pure: no database, no clock of its own.

1. What students hand in goes before what staff have graded again.
2. Courses share by weight, in seconds of grading: whoever has had least for its weight is next.
3. Inside a course students take turns. Of those with equally many turns first attempts go before later ones, then
   what is known to take less, then whoever waits longest.
4. Each OLDEST_EVERY-th pick goes to whoever waits longest, whatever else holds, so that nobody waits for ever.

A share or a turn is owed only to those who wait: who comes back after a while starts where those are who have had
least, with no credit for the time away and no debt from it (start-time fair queueing; Goyal, Vin and Cheng, 1996).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

OLDEST_EVERY = 8
UNMEASURED_S = 10.0  # what a run of an assignment without a measured one is taken to last


@dataclass(frozen=True)
class Job:
    """A run that waits to be handed to a worker."""

    id: str
    course: str
    student: str
    assignment: str
    since: float  # unix seconds
    seconds: float = UNMEASURED_S
    first: bool = True  # the student's first attempt at the assignment
    again: bool = False  # asked for by staff

    @property
    def urgency(self) -> tuple[bool, float, float, str]:
        """Of two jobs with equal claims, the smaller goes first."""
        return (not self.first, self.seconds, self.since, self.id)


@dataclass
class Shares:
    """What was given so far. A share below its clock counts as the clock; so a missing one is 0.

    `courses`: seconds by weight, of each course, against `clock`. `turns`: of each (course, student), against
    `rounds` of the course. `picks`: how often was picked.
    """

    picks: int = 0
    clock: float = 0.0
    courses: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, float] = field(default_factory=dict)
    turns: dict[tuple[str, str], float] = field(default_factory=dict)

    def of_course(self, course: str) -> float:
        return max(self.clock, self.courses.get(course, 0.0))

    def of_student(self, course: str, student: str) -> float:
        return max(self.rounds.get(course, 0.0), self.turns.get((course, student), 0.0))


class _Line:
    """The jobs of one course that wait, students' own or staff's."""

    def __init__(self, course: str, shares: Shares, *, again: bool) -> None:
        self._course, self._shares, self._again = course, shares, again
        self._of_student: dict[str, list[tuple[tuple[bool, float, float, str], Job]]] = {}
        self._heads: list[tuple[float, tuple[bool, float, float, str], str]] = []

    def add(self, job: Job) -> None:
        # What staff ask for is nobody's turn: there is one line for all of it.
        heapq.heappush(self._of_student.setdefault("" if self._again else job.student, []), (job.urgency, job))

    def open(self) -> None:
        self._heads = [self._key(student) for student in self._of_student]
        heapq.heapify(self._heads)

    def head(self, gone: Collection[str]) -> Job | None:
        """The next job, left in its place; None when none is left. `gone`: ids that were picked in another way."""
        while self._heads:
            key = self._heads[0]
            mine = self._of_student[key[2]]
            while mine and mine[0][1].id in gone:
                heapq.heappop(mine)
            if not mine:
                heapq.heappop(self._heads)
            elif (fresh := self._key(key[2])) != key:  # it was served meanwhile, or the round moved on
                heapq.heapreplace(self._heads, fresh)
            else:
                return mine[0][1]
        return None

    def _key(self, student: str) -> tuple[float, tuple[bool, float, float, str], str]:
        turns = 0.0 if self._again else self._shares.of_student(self._course, student)
        return (turns, self._of_student[student][0][0], student)


class Turns:
    """Picks one job after the other and keeps `shares` up to it.

    `weights`: of courses, 1 where absent. `room`: how many more runs a course may have under way at once; a course
    without an entry has no bound.
    """

    def __init__(
        self,
        jobs: Collection[Job],
        shares: Shares,
        *,
        weights: Mapping[str, float] | None = None,
        room: Mapping[str, int] | None = None,
        oldest_every: int = OLDEST_EVERY,
    ) -> None:
        self.shares = shares
        self._weights = weights or {}
        self._room = dict(room or {})
        self._every = oldest_every
        self._gone: set[str] = set()
        self._lanes: tuple[dict[str, _Line], dict[str, _Line]] = ({}, {})
        for job in jobs:
            lane = self._lanes[job.again]
            lane.setdefault(job.course, _Line(job.course, shares, again=job.again)).add(job)
        for lane in self._lanes:
            for line in lane.values():
                line.open()
        self._by_age = sorted(jobs, key=lambda job: (job.since, job.id), reverse=True)

    def __iter__(self) -> Iterator[Job]:
        while (job := self.next()) is not None:
            yield job

    def next(self) -> Job | None:
        """None when nothing is left that may start."""
        job = self._oldest() if self._every and (self.shares.picks + 1) % self._every == 0 else self._by_share()
        if job is None:
            return None
        self._gone.add(job.id)
        self._charge(job)
        return job

    def _by_share(self) -> Job | None:
        for lane in self._lanes:
            if heads := list(self._heads(lane)):
                return min(heads, key=lambda job: (self.shares.of_course(job.course), *job.urgency))
        return None

    def _heads(self, lane: Mapping[str, _Line]) -> Iterator[Job]:
        """The next job of each course that may have one more under way."""
        for course, line in lane.items():
            if self._room.get(course, 1) > 0 and (head := line.head(self._gone)) is not None:
                yield head

    def _oldest(self) -> Job | None:
        while self._by_age and self._by_age[-1].id in self._gone:
            self._by_age.pop()
        return next((job for job in reversed(self._by_age) if self._may_go(job)), None)

    def _may_go(self, job: Job) -> bool:
        return job.id not in self._gone and self._room.get(job.course, 1) > 0

    def _charge(self, job: Job) -> None:
        shares, course = self.shares, job.course
        shares.picks += 1
        if course in self._room:
            self._room[course] -= 1
        shares.courses[course] = shares.of_course(course) + job.seconds / self._weights.get(course, 1.0)
        if not job.again:
            shares.turns[course, job.student] = shares.of_student(course, job.student) + 1
            self._advance_round(course)
        self._advance_clock()

    def _advance_clock(self) -> None:
        """The clock is where the one is who may start and has had least: nobody who waits falls behind it."""
        shares = self.shares
        waiting = [shares.of_course(head.course) for lane in self._lanes for head in self._heads(lane)]
        shares.clock = min(waiting) if waiting else max(shares.clock, *shares.courses.values())

    def _advance_round(self, course: str) -> None:
        shares, head = self.shares, self._lanes[0][course].head(self._gone)
        if head is not None:
            shares.rounds[course] = shares.of_student(course, head.student)
        else:
            shares.rounds[course] = max(turns for (owner, _), turns in shares.turns.items() if owner == course)
