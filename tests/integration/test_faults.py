"""The whole service while its parts die: nothing is lost, nothing is graded twice."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.support.notebooks import appended
from tests.support.recorder import eventually
from tests.support.running_service import ROOT, RunningService, running_service

SLUG = "coursework-4-hyperspheres"
SOLUTION = (ROOT / "assignments" / SLUG / "solution.ipynb").read_bytes()
ANSWERS = '{"ratio_1000d": "1.221", "volume_10d": "0.002", "outer_1_percent_300d": "0.951"}'

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    # Short leases, so that a lost worker is noticed while the test looks on.
    with running_service(GRADER_LEASE_S="6", GRADER_SWEEP_S="1") as running:
        yield running


def asked(service: RunningService, query: str, url: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(service.home / "grader.db")) as database:
        return list(database.execute(query, (url.rstrip("/").rsplit("/", 1)[-1],)))


def graded_runs(service: RunningService, url: str) -> list[tuple[str, float]]:
    return asked(service, "select status, score from runs where submission_id = ? and status = 'done'", url)


def runs(service: RunningService, url: str) -> int:
    return len(asked(service, "select id from runs where submission_id = ?", url))


def refusals(service: RunningService, url: str) -> list[int]:
    """Of each run, oldest first: results of it that were not recorded."""
    return [n for (n,) in asked(service, "select refusals from runs where submission_id = ? order by number", url)]


def kill_all(service: RunningService, words: str) -> None:
    """SIGKILL, and proof that there was something to kill."""
    victims = service.processes(words)
    assert victims, f"no process with {words!r} in its command line"
    for process in victims:
        process.kill()


def test_a_solved_notebook_gets_its_full_score(service: RunningService) -> None:
    state = service.wait(service.submit(SLUG, SOLUTION, answers=ANSWERS))
    assert (state["status"], state["score"]) == ("graded", state["max_score"])


def test_a_worker_killed_in_the_middle_loses_no_submission_and_grades_it_once(service: RunningService) -> None:
    slow = appended(SOLUTION, "import time; time.sleep(4)", at=0)
    url = service.submit(SLUG, slow, answers=ANSWERS)
    service.wait_for_status(url, "running")
    kill_all(service, "worker.app")
    state = service.wait(url)
    assert (state["status"], state["score"]) == ("graded", state["max_score"])
    assert len(graded_runs(service, url)) == 1
    assert runs(service, url) == 2, "the first run was not lost, so this proves nothing"


def test_what_a_frozen_slot_sends_after_its_lease_is_refused(service: RunningService) -> None:
    url = service.submit(SLUG, appended(SOLUTION, "import time; time.sleep(5)", at=0), answers=ANSWERS)
    service.wait_for_status(url, "running")
    slots = service.processes("worker.app")[1:]
    assert slots
    for slot in slots:
        slot.suspend()
    try:
        assert eventually(lambda: runs(service, url) == 2), "the run was not taken from the frozen slot"
        assert graded_runs(service, url) == []
    finally:
        for slot in slots:
            slot.resume()
    state = service.wait(url)
    assert (state["status"], state["score"]) == ("graded", state["max_score"])
    assert eventually(lambda: refusals(service, url) == [1, 0]), "the late result did not come, so this proves nothing"
    assert len(graded_runs(service, url)) == 1


def test_redis_killed_in_the_middle_loses_no_submission(service: RunningService) -> None:
    slow = appended(SOLUTION, "import time; time.sleep(3)", at=0)
    url = service.submit(SLUG, slow, answers=ANSWERS)
    service.wait_for_status(url, "running")
    kill_all(service, "redis-server")
    during = service.submit(SLUG, SOLUTION, answers=ANSWERS)
    for each in (url, during):
        state = service.wait(each)
        assert (state["status"], state["score"]) == ("graded", state["max_score"])
        assert len(graded_runs(service, each)) == 1


def test_a_database_locked_for_ten_seconds_delays_and_loses_nothing(service: RunningService) -> None:
    before = service.submit(SLUG, SOLUTION, answers=ANSWERS)
    locker = sqlite3.connect(service.home / "grader.db", isolation_level=None, check_same_thread=False)
    locker.execute("begin immediate")
    threading.Timer(10, locker.rollback).start()
    began = time.monotonic()
    during = service.submit(SLUG, SOLUTION, answers=ANSWERS)
    assert time.monotonic() - began > 5, "the lock did not hold, so this proves nothing"
    for each in (before, during):
        state = service.wait(each)
        assert (state["status"], state["score"]) == ("graded", state["max_score"])
        assert len(graded_runs(service, each)) == 1


HOSTILE = {
    "allocates forty gigabytes": "x = bytearray(40 * 2**30)",
    "exits": "import os; os._exit(0)",
    "prints forever": "while True: print('x' * 1000)",
    "forks forever": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "writes forever": "f = open('big', 'wb')\nwhile True: f.write(b'x' * 2**20)",
}


def test_hostile_notebooks_leave_an_innocent_neighbour_unharmed(service: RunningService) -> None:
    urls = {name: service.submit(SLUG, appended(SOLUTION, cell), answers=ANSWERS) for name, cell in HOSTILE.items()}
    innocent = service.submit(SLUG, SOLUTION, answers=ANSWERS)
    state = service.wait(innocent, timeout_s=240)
    assert (state["status"], state["score"]) == ("graded", state["max_score"])
    for name, url in urls.items():
        state = service.wait(url, timeout_s=240)
        # The hostile cell stands at the end: what the notebook answered before it counts.
        assert (state["status"], state["score"]) == ("graded", state["max_score"]), name
