"""Notebooks a minute against the number of worker slots on this machine.

    .venv/bin/python -m benchmarks.throughput [--slots 1,2,4] [--runs 40] [--assignment SLUG]

For each number of slots the whole service is started anew with it; all notebooks are handed in first, so that the
queue is never empty; the time is taken from the first upload to the last result.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time

from benchmarks.load import check, connected, make_students, notebooks, send, slots, wait_until_graded
from benchmarks.machine import machine, private_mib
from tests.support.running_service import running_service

STUDENTS = 40


def one(number: int, slug: str, runs: int) -> tuple[float, float]:
    """Results a minute, and the memory of the service at the end in MiB."""
    with running_service(*slots(number)) as service, connected(service) as backend:
        files = notebooks(slug, runs + number)
        for file in files[:number]:  # each slot is warm
            service.submit(slug, file)
        wait_until_graded(backend, number, time.monotonic(), 600)
        tokens = make_students(backend, STUDENTS, slug)
        began = time.monotonic()
        sent = asyncio.run(send(service.url, tokens, slug, files[number:], 0.0))
        if sent.errors:
            raise SystemExit(f"uploads failed: {sent.errors}")
        took_s = wait_until_graded(backend, number + runs, began, 3600)
        memory_mib = private_mib(service.supervisor)
        check(backend)
    return 60 * runs / took_s, memory_mib


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", default="1,2,4")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--assignment", default="loss-1-regression")
    chosen = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"# {chosen.runs} runs of {chosen.assignment} against slots, {cores} cores\n{machine()}", flush=True)
    for number in map(int, chosen.slots.split(",")):
        a_minute, memory_mib = one(number, chosen.assignment, chosen.runs)
        print(
            f"{number} slots   {a_minute:7.1f} a minute, service with all its kernels {memory_mib:.0f} MiB", flush=True
        )


if __name__ == "__main__":
    main()
