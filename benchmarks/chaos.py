"""The whole service under load while its parts are killed and frozen: nothing may be lost, nothing counted twice.

    make chaos                                   three minutes, SQLite
    .venv/bin/python -m benchmarks.chaos --minutes 10 --seed 7 --postgres

First every kind of notebook is graded in peace. Then they are handed in one after the other while a dice with a seed
kills (SIGKILL) or freezes (SIGSTOP, for seconds) web, recorder, worker, slot, kernel parent, Redis and, with
`--postgres`, a server process of PostgreSQL, which makes it recover from its log. When that is over, every
submission that was accepted must have one counted result, with the points of the quiet run. Ends with 1 where not.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url

from benchmarks.machine import machine
from tests.support.databases import postgres_database, postgres_server
from tests.support.notebooks import appended
from tests.support.running_service import ROOT, RunningService, running_service

SLUG = "coursework-4-hyperspheres"
PARTS = {  # what stands in the command line
    "web": "gunicorn",
    "recorder": "grader.tasks.app",
    "worker": "worker.app",
    "slot": "worker.app",
    "kernel parent": "zygote.py",
    "redis": "redis-server",
}
SETTLED_WITHIN_S = 600.0
PENDING = "status IN ('queued', 'running')"


@dataclass
class Storm:
    """What was done, and what came of it."""

    accepted: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)


def kinds() -> dict[str, bytes]:
    """Notebooks that get different points, some at once and some in the middle of a pause."""
    folder = ROOT / "assignments" / SLUG
    solution, starter = (folder / "solution.ipynb").read_bytes(), (folder / "starter.ipynb").read_bytes()
    pause = "import time; time.sleep(2)"
    return {
        "solved": solution,
        "slow": appended(solution, pause, at=0),
        "untouched": starter,
        "failing": appended(starter, "raise ValueError('mine')", at=0),
        "leaving": appended(solution, "import os; os._exit(1)"),
    }


def hand_in(service: RunningService, storm: Storm, pause_s: float) -> None:
    """One notebook after the other until the storm is over; what is refused is not owed."""
    made = list(kinds().items())
    number = 0
    while not storm.over.wait(pause_s):
        name, data = made[number % len(made)]
        number += 1
        try:
            storm.accepted.append(service.submit(SLUG, data, name=f"{name}.ipynb"))
        except AssertionError as error:
            storm.refused[str(error)[:40]] += 1
        except httpx.TransportError as error:
            storm.refused[type(error).__name__] += 1


def victims(service: RunningService, part: str, postgres: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    if part == "postgres":
        return postgres()
    found = service.processes(PARTS[part])
    if part == "worker":
        return found[:1]
    return [process for process in found if process not in found[:1]] if part == "slot" else found


def strike(service: RunningService, storm: Storm, dice: random.Random, parts: list[str],
           postgres: Callable[[], list[psutil.Process]]) -> None:  # fmt: skip
    part, freeze = dice.choice(parts), dice.random() < 0.4
    frozen_s, nth = dice.uniform(1, 8), dice.random()
    with contextlib.suppress(psutil.Error):
        found = victims(service, part, postgres)
        if not found:
            return
        victim = found[int(nth * len(found))]
        victim.send_signal(signal.SIGSTOP if freeze else signal.SIGKILL)
        storm.hits[f"{part} {'frozen' if freeze else 'killed'}"] += 1
        if freeze:
            time.sleep(frozen_s)
            victim.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def database(postgres: bool) -> Iterator[tuple[str, Callable[[], list[psutil.Process]]]]:
    """Its URL ("" for SQLite in the home), and the server processes that serve the service now."""
    if not postgres:
        yield "", list
        return
    with postgres_server() as server, postgres_database(server) as url:
        name = str(make_url(url).database)
        yield url, lambda: [p for p in psutil.process_iter() if name in " ".join(p.cmdline())]


def counted(connection: Connection) -> dict[str, tuple[str, float | None]]:
    """Of each kind of notebook: status and points; where a kind has several, all of them."""
    query = text(
        "SELECT DISTINCT s.filename, s.status, r.score FROM submissions s "
        "LEFT JOIN runs r ON r.id = s.counted_run_id ORDER BY 1"
    )
    found: dict[str, tuple[str, float | None]] = {}
    for filename, status, score in connection.execute(query):
        key = filename if filename not in found else f"{filename}, differently"
        found[key] = (status, score)
    return found


def wait_until_quiet(connect: Callable[[], Connection]) -> float:
    """Seconds until nothing waits or runs; fails after SETTLED_WITHIN_S."""
    began = time.monotonic()
    while time.monotonic() - began < SETTLED_WITHIN_S:
        with connect() as connection:
            if not connection.scalar(text(f"SELECT count(*) FROM submissions WHERE {PENDING}")):  # noqa: S608
                return time.monotonic() - began
        time.sleep(1)
    raise SystemExit(f"not everything was graded {SETTLED_WITHIN_S:.0f} s after the storm")


def problems(connection: Connection, storm: Storm, quiet: dict[str, tuple[str, float | None]]) -> list[str]:
    wrong = []
    known = set(connection.scalars(text("SELECT id FROM submissions")))
    lost = [url for url in storm.accepted if url.rstrip("/").rsplit("/", 1)[-1] not in known]
    if lost:
        wrong.append(f"{len(lost)} accepted submissions are not in the database")
    several = "SELECT submission_id FROM runs WHERE status = 'done' GROUP BY submission_id HAVING count(*) > 1"
    twice = len(connection.execute(text(several)).all())
    if twice:
        wrong.append(f"{twice} submissions have more than one result")
    now = counted(connection)
    wrong += [
        f"{name}: {now[name]} and not {quiet.get(name)} as in peace" for name in now if now[name] != quiet.get(name)
    ]
    return wrong


def report(connection: Connection, storm: Storm) -> None:
    print("\nstruck: " + ", ".join(f"{what} {n}x" for what, n in sorted(storm.hits.items())))
    print(f"accepted {len(storm.accepted)}, not accepted {dict(storm.refused)}")
    for name, query in {
        "in the database": "SELECT count(*) FROM submissions",
        "with a counted result": "SELECT count(*) FROM submissions WHERE counted_run_id IS NOT NULL",
        "in quarantine": "SELECT count(*) FROM submissions WHERE quarantined_at IS NOT NULL",
        "runs": "SELECT count(*) FROM runs",
        "runs lost with their worker": "SELECT count(*) FROM runs WHERE status = 'lost'",
        "runs that failed through us": "SELECT count(*) FROM runs WHERE status = 'failed'",
        "handed back": "SELECT count(*) FROM audit_entries WHERE action = 'run.handed-back'",
        "sent again": "SELECT count(*) FROM audit_entries WHERE action = 'run.sent-again'",
        "late and doubled results refused": "SELECT coalesce(sum(refusals), 0) FROM runs",
    }.items():
        print(f"{name:<36}{connection.scalar(text(query))}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause-s", type=float, default=0.5, help="between two uploads")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--only", choices=[*PARTS, "postgres"], action="append")
    chosen = parser.parse_args()
    parts = chosen.only or [*PARTS, *(["postgres"] if chosen.postgres else [])]
    print(f"# chaos, {chosen.minutes:g} minutes, seed {chosen.seed}, {', '.join(parts)}\n{machine()}")
    dice, storm = random.Random(chosen.seed), Storm()  # noqa: S311
    with database(chosen.postgres) as (url, postgres):
        given = {"GRADER_DATABASE_URL": url} if url else {}
        with running_service(GRADER_LEASE_S="6", GRADER_SWEEP_S="1", **given) as service:
            engine = create_engine(url or f"sqlite:///{service.home}/grader.db", pool_pre_ping=True)
            for name, data in kinds().items():
                service.wait(service.submit(SLUG, data, name=f"{name}.ipynb"))
            with engine.connect() as connection:
                quiet = counted(connection)
            uploads = threading.Thread(target=hand_in, args=(service, storm, chosen.pause_s), daemon=True)
            uploads.start()
            end = time.monotonic() + 60 * chosen.minutes
            while time.monotonic() < end:
                time.sleep(dice.uniform(1, 6))
                strike(service, storm, dice, parts, postgres)
            storm.over.set()
            uploads.join(180)
            settled_s = wait_until_quiet(engine.connect)
            with engine.connect() as connection:
                report(connection, storm)
                wrong = problems(connection, storm, quiet)
            print(f"{'seconds until the last was graded':<36}{settled_s:.0f}")
            engine.dispose()
    print("\n".join(wrong) or "Nothing was lost, nothing counted twice, and all points are those of the quiet run.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
