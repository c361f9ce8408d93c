"""1,000 uploads in 60 s against the whole service on this machine: how soon each is accepted, and when all are graded.

    .venv/bin/python -m benchmarks.load [--uploads 1000] [--seconds 60] [--students 250] [--slots N]
                                        [--kill-worker-every S] [--seed 1] [--assignment SLUG] [--most-minutes 30]

Starts `grader up --demo` in a folder of its own on a free port (loopback only), makes students, and sends their
uploads at even times, whether or not earlier ones were answered. Then waits until each is graded, and checks that
each was, once, with the same points, and says what each part of the service used. `--kill-worker-every` kills (SIGKILL)
one of the worker's processes at random every so often until the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psutil
from sqlalchemy import func, select

from benchmarks.machine import machine
from benchmarks.parts import Part, parts_of, rows
from grader.accounts import service as accounts
from grader.audit.service import Actor
from grader.courses import service as courses
from grader.db.models import Assignment, Course, Role, Run, RunStatus, Submission
from grader.settings import Settings
from grader.wiring import Backend
from tests.support.running_service import ROOT, RunningService, running_service

SEEDER = Actor.system("benchmark")
WORKER = ("worker.app:app",)
LOOK_EVERY_S = 5.0
SAY_EVERY_S = 15.0


@dataclass
class Sent:
    """What came of the uploads: seconds until each was answered, and what was answered instead of 202."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass
class Watch:
    """Beside the load: what the parts of the service used, the most memory of each, how many processes were killed."""

    began: dict[str, Part]
    ended: dict[str, Part] = field(default_factory=dict)
    most_mib: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    most_mib_together: float = 0.0
    kills: int = 0

    def look(self, supervisor: psutil.Process) -> None:
        self.ended = parts_of(supervisor) or self.ended
        for name, part in self.ended.items():
            self.most_mib[name] = max(self.most_mib[name], part.mib)
        self.most_mib_together = max(self.most_mib_together, sum(part.mib for part in self.ended.values()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--students", type=int, default=250)
    parser.add_argument("--slots", type=int, help="runs at a time (default: one a core)")
    parser.add_argument("--kill-worker-every", type=float, metavar="S", default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--assignment", default="loss-1-regression")
    parser.add_argument("--most-minutes", type=float, default=30.0)
    chosen = parser.parse_args()
    print(f"# {chosen.uploads} uploads of {chosen.assignment} in {chosen.seconds:g} s\n{machine()}", flush=True)
    with running_service(*slots(chosen.slots)) as service, connected(service) as backend:
        tokens = make_students(backend, chosen.students, chosen.assignment)
        files = notebooks(chosen.assignment, chosen.uploads)
        service.wait(service.submit(chosen.assignment, files[0]))  # the worker is warm
        with watched(service, chosen.kill_worker_every, chosen.seed) as watch:
            began = time.monotonic()
            sent = asyncio.run(send(service.url, tokens, chosen.assignment, files, chosen.seconds))
            print_accepted(sent, time.monotonic() - began)
            accepted = len(sent.seconds)
            last_s = wait_until_graded(backend, accepted + 1, began, chosen.most_minutes * 60)
        a_minute = 60 * accepted / last_s
        print(f"all {accepted} graded after       {last_s:.0f} s from the first upload, {a_minute:.0f} a minute")
        print(f"killed                          {watch.kills} worker processes")
        print(f"used by the service             at most {watch.most_mib_together:.0f} MiB (private); its parts:")
        print("\n".join(rows(watch.began, watch.ended, watch.most_mib, accepted)))
        check(backend)


def slots(number: int | None) -> Sequence[str]:
    return () if number is None else ("--concurrency", str(number))


@contextmanager
def connected(service: RunningService) -> Iterator[Backend]:
    """The service's own database, from beside."""
    settings = Settings.load(home=service.home)
    backend = Backend.connect(settings)
    try:
        yield backend
    finally:
        backend.close()


def make_students(backend: Backend, number: int, slug: str) -> list[str]:
    """Their tokens."""
    with backend.writing() as session:
        course = session.scalars(select(Course).join(Assignment).where(Assignment.slug == slug)).one()
        tokens = []
        for one in range(number):
            user = accounts.create_user(session, email=f"load-{one}@example.org", name=f"Load {one}", by=SEEDER)
            courses.enrol(session, user=user, course=course, role=Role.STUDENT, by=SEEDER)
            tokens.append(accounts.issue_token(session, user=user, label="load", by=SEEDER).secret)
        return tokens


def notebooks(slug: str, number: int) -> list[bytes]:
    """The solution, each time with another comment: no two files are the same."""
    solution = json.loads((ROOT / "assignments" / slug / "solution.ipynb").read_text())
    cell = {"cell_type": "markdown", "id": "load", "metadata": {}, "source": ""}
    return [
        json.dumps({**solution, "cells": [*solution["cells"], {**cell, "source": f"upload {n}"}]}).encode()
        for n in range(number)
    ]


async def send(url: str, tokens: Sequence[str], slug: str, files: Sequence[bytes], seconds: float) -> Sent:
    sent, step_s, began = Sent(), seconds / len(files), time.perf_counter()
    limits = httpx.Limits(
        max_connections=200, max_keepalive_connections=100, keepalive_expiry=2.0
    )  # the server waits for 5 s
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:

        async def one(number: int) -> None:
            await asyncio.sleep(max(0.0, began + number * step_s - time.perf_counter()))
            due = time.perf_counter()
            headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
            try:
                answer = await client.post(
                    f"/api/v1/assignments/{slug}/submissions",
                    files={"notebook": ("load.ipynb", files[number])},
                    headers=headers,
                )
            except httpx.HTTPError as error:
                sent.errors[type(error).__name__] += 1
                return
            if answer.status_code == 202:
                sent.seconds.append(time.perf_counter() - due)
            else:
                sent.errors[f"{answer.status_code} {answer.text[:80]}"] += 1

        await asyncio.gather(*(one(number) for number in range(len(files))))
    return sent


def print_accepted(sent: Sent, wall_s: float) -> None:
    ordered = sorted(sent.seconds)
    p50, p95, p99 = (1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99))
    print(f"accepted                        {len(ordered)} in {wall_s:.1f} s, {sum(sent.errors.values())} errors")
    for text, number in sent.errors.most_common():
        print(f"  {number} x {text}")
    most = 1000 * ordered[-1]
    print(
        f"until the upload was accepted   p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, most {most:.0f} ms",
        flush=True,
    )


@contextmanager
def watched(service: RunningService, kill_every_s: float, seed: int) -> Iterator[Watch]:
    watch, stop = Watch(parts_of(service.supervisor)), threading.Event()
    chance = random.Random(seed)  # noqa: S311

    def look() -> None:
        next_kill = time.monotonic() + kill_every_s
        while not stop.wait(min(LOOK_EVERY_S, kill_every_s or LOOK_EVERY_S)):
            watch.look(service.supervisor)
            if kill_every_s and time.monotonic() >= next_kill:
                next_kill += kill_every_s
                watch.kills += kill_one(service, chance)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()
        watch.look(service.supervisor)


def kill_one(service: RunningService, chance: random.Random) -> int:
    found = [process for words in WORKER for process in service.processes(words)]
    if not found:
        return 0
    try:
        chance.choice(found).kill()
    except psutil.NoSuchProcess:
        return 0
    return 1


def wait_until_graded(backend: Backend, accepted: int, began: float, most_s: float) -> float:
    """Until whatever was kept is graded: at least what was accepted, and what was kept without its answer arriving."""
    kept = graded = 0
    say_at = time.monotonic() + SAY_EVERY_S
    while (now := time.monotonic()) - began < most_s:
        with backend.reading() as session:
            query = select(func.count(), func.count(Submission.counted_run_id)).select_from(Submission)
            kept, graded = session.execute(query).one()
        if kept == graded >= accepted:
            return time.monotonic() - began
        if now >= say_at:
            say_at += SAY_EVERY_S
            print(f"  {graded} of {max(kept, accepted)} graded after {now - began:.0f} s", file=sys.stderr, flush=True)
        time.sleep(1.0)
    raise SystemExit(f"after {most_s / 60:g} minutes only {graded} of {max(kept, accepted)} were graded")


def check(backend: Backend) -> None:
    """Each upload that was kept has one result that counts, and all are the same. Raises SystemExit."""
    counted = select(Run.outcome, Run.score, func.count()).join(Submission, Submission.counted_run_id == Run.id)
    with backend.reading() as session:
        results = session.execute(counted.group_by(Run.outcome, Run.score)).all()
        twice = session.scalars(
            select(Run.submission_id)
            .where(Run.status == RunStatus.DONE)
            .group_by(Run.submission_id)
            .having(func.count() > 1)
        ).all()
        lost = session.scalar(select(func.count()).select_from(Run).where(Run.status == RunStatus.LOST))
    print(f"results                         {[tuple(row) for row in results]}; {lost} runs lost and done again")
    if twice or len(results) != 1:
        raise SystemExit(f"not each upload has one result, the same for all ({len(twice)} were recorded twice)")


if __name__ == "__main__":
    main()
