"""Who is next: nobody starves, nothing is left out, and shares are kept, whatever waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.queueing.rule import OLDEST_EVERY, Job, Shares, Turns

COURSES, STUDENTS = ("a", "b", "c"), ("s1", "s2", "s3", "s4")
quick = settings(derandomize=True, deadline=None, max_examples=60, database=None)


def jobs_with(*, again: st.SearchStrategy[bool], most: int = 30) -> st.SearchStrategy[list[Job]]:
    one = st.builds(
        Job,
        id=st.just(""),
        course=st.sampled_from(COURSES),
        student=st.sampled_from(STUDENTS),
        assignment=st.just("x"),
        since=st.integers(0, 50).map(float),
        seconds=st.sampled_from((0.5, 3.0, 40.0, 600.0)),
        first=st.booleans(),
        again=again,
    )
    return st.lists(one, max_size=most).map(lambda jobs: [replace(job, id=f"{n:03}") for n, job in enumerate(jobs)])


def own(student: str, number: int, since: float = 0.0, *, course: str = "a", seconds: float = 3.0) -> Job:
    return Job(f"{course}{student}{number}", course, student, "x", since, seconds, first=number == 1)


def order(jobs: list[Job], shares: Shares | None = None) -> list[str]:
    return [job.id for job in Turns(jobs, shares or Shares())]


@quick
@given(jobs_with(again=st.booleans()))
def test_everything_that_waits_is_picked_once(jobs: list[Job]) -> None:
    assert sorted(order(jobs)) == sorted(job.id for job in jobs)


@quick
@given(jobs_with(again=st.booleans()), st.integers(0, 30))
def test_there_is_always_a_next_one_while_something_may_start(jobs: list[Job], taken: int) -> None:
    turns = Turns(jobs, Shares())
    picked = [job for _, job in zip(range(taken), turns, strict=False)]
    assert len(picked) == min(taken, len(jobs))


@quick
@given(jobs_with(again=st.booleans()), st.integers(1, 5))
def test_handing_out_in_small_steps_gives_the_same_order_as_at_once(jobs: list[Job], step: int) -> None:
    at_once, left, shares, found = order(jobs), list(jobs), Shares(), []
    while left:  # the state goes through the database between two steps, and what says nothing is not kept
        found += [job.id for _, job in zip(range(step), Turns(left, shares), strict=False)]
        left = [job for job in jobs if job.id not in found]
        shares = Shares(
            shares.picks,
            shares.clock,
            {key: given for key, given in shares.courses.items() if given > shares.clock},
            dict(shares.rounds),
            {key: given for key, given in shares.turns.items() if given > shares.rounds.get(key[0], 0.0)},
        )
    assert found == at_once


@quick
@given(jobs_with(again=st.booleans()), jobs_with(again=st.just(False), most=6))
def test_nobody_starves(jobs: list[Job], newcomers: list[Job]) -> None:
    """Whatever comes in all the time: who has waited longest is picked within so many picks."""
    if not jobs:
        return
    shares, waiting, picks = Shares(), list(jobs), 0
    victim = max(jobs, key=lambda job: (job.since, job.id))
    older = len(jobs)
    while victim in waiting:
        picked = Turns(waiting, shares).next()
        assert picked is not None
        waiting.remove(picked)
        picks += 1
        fresh = [replace(job, id=f"n{picks}-{n}", since=1000.0 + picks) for n, job in enumerate(newcomers[:2])]
        waiting = [*waiting, *fresh][:60] if victim in waiting else waiting
        assert picks <= OLDEST_EVERY * older


@quick
@given(
    st.dictionaries(st.sampled_from(COURSES), st.sampled_from((1.0, 2.0, 5.0)), min_size=2, max_size=3),
    st.lists(st.sampled_from((1.0, 4.0, 30.0)), min_size=3, max_size=3),
    st.integers(1, 150),
)
def test_courses_that_both_wait_share_by_weight(weights: dict[str, float], seconds: list[float], picks: int) -> None:
    """The bound of start-time fair queueing: no further apart than one run of each."""
    each = dict(zip(COURSES, seconds, strict=True))
    jobs = [own(f"s{n}", 1, n, course=course, seconds=each[course]) for course in weights for n in range(160)]
    had = dict.fromkeys(weights, 0.0)
    turns = Turns(jobs, Shares(), weights=weights, oldest_every=0)
    for _ in range(picks):
        job = turns.next()
        assert job is not None
        had[job.course] += job.seconds / weights[job.course]
    bound = sum(sorted(each[course] / weights[course] for course in weights)[-2:])
    assert max(had.values()) - min(had.values()) <= bound + 1e-9


@quick
@given(st.integers(1, 50), st.integers(1, 20))
def test_fifty_uploads_of_one_student_do_not_delay_the_first_of_another(uploads: int, others: int) -> None:
    flood = [own("flood", n + 1, n) for n in range(uploads)]
    rest = [own(f"s{n}", 1, 1000.0 + n) for n in range(others)]
    found = order([*flood, *rest])
    last = max(found.index(job.id) for job in rest)
    extra = Counter(name.startswith("aflood") for name in found[: last + 1])[True]
    # One turn of its own, and every so many picks the right of whoever waits longest.
    assert extra <= 1 + (others + uploads) // OLDEST_EVERY + 1
    assert last <= (others + 1) * OLDEST_EVERY / (OLDEST_EVERY - 1) + 1


def test_first_attempts_go_before_later_ones_and_small_before_huge() -> None:
    jobs = [own("s1", 2, 0), own("s2", 1, 1, seconds=300), own("s3", 1, 2, seconds=2), own("s4", 3, 3, seconds=1)]
    assert order(jobs) == ["as31", "as21", "as43", "as12"]


def test_what_staff_have_graded_again_goes_after_what_students_hand_in() -> None:
    again = [Job(f"again{n}", "a", f"s{n}", "x", 0.0, again=True) for n in range(5)]
    assert order([*again, own("s1", 1, 50), own("s2", 2, 60, course="b")])[:2] == ["as11", "bs22"]


def test_a_rerun_is_no_turn_of_its_student() -> None:
    shares = Shares()
    list(Turns([Job("again", "a", "s1", "x", 0.0, again=True)], shares))
    assert shares.turns == {}


def test_who_was_away_comes_back_without_credit_and_without_debt() -> None:
    shares = Shares()
    list(Turns([own(f"s{n}", 1, n, course="b") for n in range(20)], shares, oldest_every=0))  # "a" was away
    jobs = [own(f"s{n}", 1, n, course=course) for course in ("a", "b") for n in range(30, 40)]
    picked = [job.course for job in Turns(jobs, shares, oldest_every=0)]
    assert Counter(picked[:10]) == {"a": 5, "b": 5}


def test_a_course_at_its_limit_waits_and_builds_up_no_credit() -> None:
    jobs = [own(f"s{n}", 1, n, course=course) for course in ("a", "b") for n in range(20)]
    shares = Shares()
    first = [job.course for _, job in zip(range(12), Turns(jobs, shares, room={"a": 1}, oldest_every=0), strict=False)]
    assert first.count("a") == 1
    left = [own(f"t{n}", 1, n, course=course) for course in ("a", "b") for n in range(20)]
    then = [job.course for _, job in zip(range(10), Turns(left, shares, oldest_every=0), strict=False)]
    assert Counter(then) == {"a": 5, "b": 5}


def test_nothing_is_picked_where_every_course_is_at_its_limit() -> None:
    assert Turns([own("s1", 1)], Shares(), room={"a": 0}).next() is None
    assert Turns([own("s1", 1)], Shares(OLDEST_EVERY - 1), room={"a": 0}).next() is None
