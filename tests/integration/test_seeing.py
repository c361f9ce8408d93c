"""One service with everything switched on that lets an operator see: logs, traces, figures, workers."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.notebooks import notebook
from tests.support.otlp_receiver import Receiver, otlp_receiver
from tests.support.recorder import eventually
from tests.support.running_service import GRADER, RunningService, running_service

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SLUG = "coursework-4-hyperspheres"
WRITTEN = "written-by-a-student-and-nobodys-business"
KEY = "planted-secret-key-0123456789-0123456789"
STAGES = ("wait", "start", "execute", "check", "record")
PROCESSES = ("web", "worker", "recorder")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def service(receiver: Receiver) -> Iterator[RunningService]:
    see = {"GRADER_LOG": "json", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "300"}
    with running_service(GRADER_SECRET_KEY=KEY, **see) as service:
        yield service


def grader(service: RunningService, *arguments: str) -> str:
    environ = {**os.environ, "GRADER_HOME": str(service.home), "GRADER_SECRET_KEY": KEY}
    command = [str(GRADER), *arguments]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def student_work() -> bytes:
    return notebook(f"secret = {WRITTEN!r}\nprint(secret)\nraise ValueError(secret)")


def log_lines(service: RunningService, process: str) -> list[dict[str, Any]]:
    """Without one that is just being written, and without what a library may say on its own."""
    text = (service.home / "logs" / f"{process}.log").read_text(errors="replace")
    whole = text[: text.rfind("\n") + 1]
    return rows("\n".join(line for line in whole.splitlines() if line.startswith("{") and line.endswith("}")))


def workers_of(service: RunningService) -> list[tuple[str, str, str]]:
    """Each worker, its queues and its runs; from the database, which is quicker than the command."""
    database = sqlite3.connect(service.home / "grader.db", timeout=60)
    try:
        return database.execute("SELECT node, taking, runs FROM worker_nodes").fetchall()
    finally:
        database.close()


def test_one_submission_is_followed_from_upload_to_grade(service: RunningService, receiver: Receiver) -> None:
    address = service.submit(SLUG, student_work(), answers=json.dumps({"ratio_1000d": WRITTEN}))
    service.wait(address)
    submission = address.rsplit("/", 1)[-1]
    for process in PROCESSES:
        assert eventually(lambda p=process: any(line.get("submission") == submission for line in log_lines(service, p)))
    accepted = [line for line in log_lines(service, "web") if line.get("submission") == submission]
    assert {"request", "run"} <= accepted[0].keys()
    text = "".join(path.read_text() for path in (service.home / "logs").glob("*.log"))
    token = service.client.headers["Authorization"].removeprefix("Bearer ")
    for planted in (WRITTEN, KEY, token, "student-demo", "/internal/blobs/ey"):
        assert planted not in text
    stages = {"upload", "queue.wait", "run", "run.start", "run.execute", "run.check", "record"}
    assert eventually(lambda: stages <= set(receiver.of(submission))), receiver.spans
    spans = receiver.of(submission)
    assert {spans[name].process for name in ("upload", "run", "record")} == {f"grader-{p}" for p in PROCESSES}
    assert spans["run"].parent == spans["record"].parent == spans["upload"].span
    assert WRITTEN not in str(receiver.spans)


def test_what_happened_is_counted_over_all_processes(service: RunningService) -> None:
    service.wait(service.submit(SLUG, student_work()))
    grader(service, "user", "admin", "student@example.org")
    wanted = (
        'grader_uploads_total{result="accepted"}',
        'grader_runs_ended_total{outcome="graded",queue="cpu"}',
        *(f'grader_run_stage_seconds_count{{queue="cpu",stage="{stage}"}}' for stage in STAGES),
        'grader_workers{queue="cpu",state="working"} 1.0',
    )  # fmt: skip

    def all_there() -> bool:
        answer = service.client.get("/admin/metrics")
        assert answer.status_code == 200, answer.text
        return all(line in answer.text for line in wanted)

    assert eventually(all_there), service.client.get("/admin/metrics").text
    ready = service.client.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]) == (200, {"database": "ok", "broker": "ok", "storage": "ok"})


def test_a_drained_worker_takes_nothing_more_until_it_is_resumed(service: RunningService) -> None:
    assert eventually(lambda: len(workers_of(service)) == 1)
    [(node, *_)] = workers_of(service)
    grader(service, "workers", "drain", node, "--reason", "new disk")
    assert eventually(lambda: workers_of(service) == [(node, "[]", "[]")]), workers_of(service)
    address = service.submit(SLUG, student_work())
    told = rows(grader(service, "workers", "list", "--json"))[0]  # takes longer than a worker that takes jobs
    assert (told["state"], told["reason"], told["runs"]) == ("drained", "new disk", [])
    assert service.client.get(address).json()["status"] == "queued"
    grader(service, "workers", "resume", node)
    assert service.wait(address)["status"] == "graded"
