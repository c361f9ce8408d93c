"""The whole service under load while its parts are killed and frozen: nothing may be lost, nothing counted twice.

    make chaos                                   three minutes, SQLite
    .venv/bin/python -m benchmarks.chaos --minutes 10 --seed 7 --postgres

First every kind of notebook is graded in peace. Then they are handed in one after the other while a dice with a seed
kills (SIGKILL) or freezes (SIGSTOP, for seconds) web, recorder, worker, slot, kernel parent, Redis, sets the service's
clock hours forward and back and, with `--postgres`, kills a process of PostgreSQL, which makes it recover from its
log, or the whole server, which is started again seconds later. When that is over, every submission that was
accepted must have one counted result, with the points of the quiet run. Ends with 1 where not.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url

from benchmarks.machine import machine
from tests.support.databases import postgres_database
from tests.support.mortal_postgres import MortalPostgres, mortal_postgres
from tests.support.notebooks import appended
from tests.support.running_service import ROOT, RunningService, running_service
from tests.support.turned_clock import TurnedClock

SLUG = "coursework-4-hyperspheres"
PARTS = {  # what stands in the command line
    "web": "gunicorn",
    "recorder": "grader.tasks.app",
    "worker": "worker.app",
    "slot": "worker.app",
    "kernel parent": "zygote.py",
    "redis": "redis-server",
}
CLOCK, POSTGRES, POSTGRES_SERVER = "clock", "postgres", "postgres server"
CLOCK_OFFSETS_S = (-7200.0, 7200.0, 0.0)
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


@dataclass
class Targets:
    """What a strike may hit."""

    service: RunningService
    clock: TurnedClock
    postgres: MortalPostgres | None
    database: str  # its name, which the processes of PostgreSQL that serve it have in their command lines

    def of(self, part: str) -> list[psutil.Process]:
        if part == POSTGRES:
            return [p for p in psutil.process_iter() if self.database in " ".join(p.cmdline())]
        found = self.service.processes(PARTS[part])
        if part == "worker":
            return found[:1]
        return [process for process in found if process not in found[:1]] if part == "slot" else found


def strike(targets: Targets, storm: Storm, dice: random.Random, parts: list[str]) -> None:
    part, freeze = dice.choice(parts), dice.random() < 0.4
    pause_s, nth, offset_s = dice.uniform(1, 8), dice.random(), dice.choice(CLOCK_OFFSETS_S)
    if part == CLOCK:
        targets.clock.turn(offset_s)
        storm.hits[f"clock set to {offset_s / 3600:+g} h"] += 1
    elif part == POSTGRES_SERVER:
        assert targets.postgres is not None
        targets.postgres.kill()
        storm.hits[f"{part} killed"] += 1
        time.sleep(pause_s)
        targets.postgres.start()
    else:
        with contextlib.suppress(psutil.Error):
            hit(targets.of(part), part, storm, nth, pause_s if freeze else None)


def hit(found: list[psutil.Process], part: str, storm: Storm, nth: float, freeze_s: float | None) -> None:
    if not found:
        return
    victim = found[int(nth * len(found))]
    victim.send_signal(signal.SIGKILL if freeze_s is None else signal.SIGSTOP)
    storm.hits[f"{part} {'killed' if freeze_s is None else 'frozen'}"] += 1
    if freeze_s is not None:
        time.sleep(freeze_s)
        victim.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def targets(postgres: bool) -> Iterator[tuple[Targets, str]]:
    """A running service, and the URL of its database."""
    with contextlib.ExitStack() as stack:
        clock = TurnedClock(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="grader-clock-"))))
        environ = {"GRADER_LEASE_S": "6", "GRADER_SWEEP_S": "1", **clock.environ}
        server = stack.enter_context(mortal_postgres()) if postgres else None
        url = stack.enter_context(postgres_database(server.url)) if server else ""
        if url:
            environ["GRADER_DATABASE_URL"] = url
        service = stack.enter_context(running_service(**environ))
        name = str(make_url(url).database) if url else ""
        yield Targets(service, clock, server, name), url or f"sqlite:///{service.home}/grader.db"


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
    parser.add_argument("--only", choices=[*PARTS, CLOCK, POSTGRES, POSTGRES_SERVER], action="append")
    chosen = parser.parse_args()
    parts = chosen.only or [*PARTS, CLOCK, *([POSTGRES, POSTGRES_SERVER] if chosen.postgres else [])]
    print(f"# chaos, {chosen.minutes:g} minutes, seed {chosen.seed}, {', '.join(parts)}\n{machine()}")
    dice, storm = random.Random(chosen.seed), Storm()  # noqa: S311
    with targets(chosen.postgres) as (hittable, url):
        service, engine = hittable.service, create_engine(url, pool_pre_ping=True)
        for name, data in kinds().items():
            service.wait(service.submit(SLUG, data, name=f"{name}.ipynb"))
        with engine.connect() as connection:
            quiet = counted(connection)
        uploads = threading.Thread(target=hand_in, args=(service, storm, chosen.pause_s), daemon=True)
        uploads.start()
        end = time.monotonic() + 60 * chosen.minutes
        while time.monotonic() < end:
            time.sleep(dice.uniform(1, 6))
            strike(hittable, storm, dice, parts)
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
