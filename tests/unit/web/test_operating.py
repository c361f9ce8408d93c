"""What an operator sees and does: workers, runs, quarantine; on the pages, in the API and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from grader.administration import runs, service
from grader.administration.runs import Which
from grader.broker import JobBroker
from grader.cli.main import cli
from grader.db.models import Measure, Run, RunStatus, SubmissionStatus
from grader.measuring import families
from grader.measuring.adding import add_up
from grader.measuring.tally import Tally
from grader.time import utc_now
from grader.workers import queries
from grader.workers import service as workers
from grader.workers.service import Order, Standing
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, World, active_run, finish, start, submission_of, submit
from worker.contract.announcement import DeviceHealth, DeviceState, WorkerMessage

NODE = "cpu-7@host"
GPU = DeviceState("GPU-1", "H200", DeviceHealth.SICK, 141_000, "it fell off the bus")
MESSAGE = WorkerMessage(NODE, "host:7", 1, ("cpu",), ("cpu",), 2, (), 1_800_000_000.0)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What workers would have been told: there is no broker here."""
    orders: list[Order] = []

    def tell(_: JobBroker, node: str, names: tuple[str, ...], *, take: bool) -> bool:
        orders.append(Order(node, tuple(names), take))
        return True

    monkeypatch.setattr(JobBroker, "tell", tell)
    return orders


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch, told: list[Order]) -> CliRunner:
    monkeypatch.setenv("GRADER_HOME", str(world.settings.home))
    return CliRunner()


def rows(command: CliRunner, *arguments: str) -> list[dict[str, object]]:
    ended = command.invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return [json.loads(line) for line in ended.stdout.splitlines()]


def see(world: World, message: WorkerMessage = MESSAGE) -> Order | None:
    with world.backend.writing() as s:
        return workers.seen(s, message, utc_now())


def standing(world: World) -> list[Standing]:
    with world.backend.reading() as s:
        return [view.standing for view in workers.views(s)]


def test_a_drained_worker_is_told_again_until_it_takes_nothing(world: World) -> None:
    assert see(world) is None
    with world.backend.writing() as s:
        assert workers.drain(s, NODE, reason="new disk", by=ADMIN) == Order(NODE, ("cpu",), False)
    assert see(world) == Order(NODE, ("cpu",), False)
    run = start(world, submit(world).id)
    assert see(world, replace(MESSAGE, taking=(), runs=(run.id,))) is None
    assert standing(world) == [Standing.DRAINING]
    assert see(world, replace(MESSAGE, taking=())) is None
    assert standing(world) == [Standing.DRAINED]
    with world.backend.writing() as s:
        workers.resume(s, NODE, by=ADMIN)
    assert see(world, replace(MESSAGE, taking=())) == Order(NODE, ("cpu",), True)
    assert see(world) is None
    assert standing(world) == [Standing.WORKING]


def test_a_worker_that_leaves_is_forgotten_and_one_that_falls_silent_is_not(world: World) -> None:
    see(world)
    with world.backend.writing() as s:
        found = queries.node(s, NODE)
        assert found is not None
        found.heard_at = utc_now() - timedelta(minutes=5)
    assert standing(world) == [Standing.SILENT]
    see(world, replace(MESSAGE, leaving=True))
    assert standing(world) == []


def test_what_a_silent_worker_had_is_not_shown_as_its_work(world: World, command: CliRunner) -> None:
    submission = submit(world, "sam")
    see(world, replace(MESSAGE, runs=(start(world, submission.id).id,)))
    assert f" {submission.id}" in command.invoke(cli, ["workers", "list"], catch_exceptions=False).output
    assert f"had {submission.id}" not in command.invoke(cli, ["workers", "list"], catch_exceptions=False).output
    with world.backend.writing() as s:
        found = queries.node(s, NODE)
        assert found is not None
        found.heard_at = utc_now() - timedelta(minutes=5)
    assert f"had {submission.id}" in command.invoke(cli, ["workers", "list"], catch_exceptions=False).output


def test_a_queue_for_gpus_that_a_worker_closed_for_sick_devices_stays_closed(world: World) -> None:
    closed = replace(MESSAGE, queues=("gpu",), taking=(), devices=(GPU,))
    assert see(world, closed) is None
    well = replace(closed, devices=(replace(GPU, health=DeviceHealth.READY),))
    assert see(world, well) == Order(NODE, ("gpu",), True)


def test_the_page_shows_workers_and_drains_them(world: World, admin: Browser, told: list[Order]) -> None:
    run = start(world, submit(world).id)
    see(world, replace(MESSAGE, runs=(run.id,), devices=(GPU,)))
    page = admin.client.get("/admin").text
    for words in (NODE, run.submission_id[-8:], "H200: sick (it fell off the bus)", f"Why {NODE} is drained"):
        assert words in page
    data = {"csrf_token": admin.token("/"), "reason": "new disk"}
    assert admin.client.post(f"/admin/workers/{NODE}/drain", data=data).status_code == 303
    assert "draining since" in admin.client.get("/admin").text
    assert admin.client.post(f"/admin/workers/{NODE}/resume", data=data).status_code == 303
    assert told == [Order(NODE, ("cpu",), False), Order(NODE, ("cpu",), True)]
    assert admin.client.post("/admin/workers/none/drain", data=data).status_code == 404


def test_quarantine_by_hand_keeps_a_waiting_submission_from_workers_until_it_is_released(
    world: World, app: Flask, admin: Browser
) -> None:
    submission = submit(world)
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['olga']}"}
    where = f"/api/v1/admin/quarantine/{submission.id}"
    kept = client.put(where, headers=headers, json={"quarantined": True, "reason": "it breaks the driver"}).json
    assert [row["id"] for row in kept["submissions"]] == [submission.id]
    assert active_run(world, submission.id).status is RunStatus.SUPERSEDED
    assert submission_of(world, submission.id).status is SubmissionStatus.FAILED
    page = admin.client.get("/admin").text
    assert "1 submission in quarantine" in page
    assert "In quarantine: it breaks the driver." in page
    data = {"csrf_token": admin.token("/")}
    assert admin.client.post(f"/admin/failed/{submission.id}/retry", data=data).status_code == 409
    assert admin.client.post(f"/admin/quarantine/{submission.id}/release", data=data).status_code == 303
    assert submission_of(world, submission.id).status is SubmissionStatus.QUEUED
    assert client.put(where, headers=headers, json={"quarantined": False}).status_code == 409


def test_quarantine_keeps_what_counted(world: World) -> None:
    submission = submit(world)
    finish(world, submission.id)
    with world.backend.writing() as s:
        service.quarantine(s, run_or_submission=submission.id, reason="x", by=ADMIN)
    assert submission_of(world, submission.id).status is SubmissionStatus.GRADED


def test_stuck_runs_are_those_that_wait_for_long_or_whose_worker_is_long_silent(world: World) -> None:
    waiting, running, fresh = submit(world, "sam"), submit(world, "sue"), submit(world, "sue")
    silent = start(world, running.id)
    with world.backend.writing() as s:
        s.get_one(Run, active_run(world, waiting.id).id).created_at = utc_now() - timedelta(hours=1)
        s.get_one(Run, silent.id).lease_expires_at = utc_now() - timedelta(hours=1)
    with world.backend.reading() as s:
        stuck = {run.submission_id for run in runs.listed(s, Which.STUCK, utc_now(), limit=10)}
        active = {run.submission_id for run in runs.listed(s, Which.ACTIVE, utc_now(), limit=10)}
    assert stuck == {waiting.id, running.id}
    assert fresh.id in active


def test_runs_are_found_kept_and_released_on_the_command_line(world: World, command: CliRunner) -> None:
    submission = submit(world)
    run = active_run(world, submission.id)
    assert [row["submission"] for row in rows(command, "runs", "list")] == [submission.id]
    assert command.invoke(cli, ["runs", "quarantine", run.id]).exit_code == 0
    assert [row["submission"] for row in rows(command, "runs", "list", "--quarantined")] == [submission.id]
    assert command.invoke(cli, ["runs", "release", submission.id]).exit_code == 0
    assert rows(command, "runs", "list", "--quarantined") == []
    (told,) = rows(command, "runs", "show", run.id)
    assert [r["status"] for r in told["runs"]] == ["superseded", "queued"]  # type: ignore[attr-defined]
    actions = {entry["action"] for entry in told["history"]}  # type: ignore[attr-defined]
    assert {"submission.quarantined", "submission.released", "submission.rerun"} <= actions
    assert submission.id in command.invoke(cli, ["runs", "show", run.id]).output


def test_what_does_not_exist_is_named_on_the_command_line(world: World, command: CliRunner) -> None:
    see(world)
    for arguments, words in (
        (["runs", "retry", "nothing"], "There is no run and no submission 'nothing'"),
        (["workers", "drain", "nobody"], f"There is no worker 'nobody'. There are: {NODE}."),
        (["runs", "list", "--failed", "--stuck"], "Choose one of --failed, --stuck."),
        (["queue", "pause", "tpu"], "'tpu' is not one of 'cpu', 'gpu'"),
    ):
        ended = command.invoke(cli, arguments)
        assert ended.exit_code != 0
        assert words in f"{ended.output} {ended.exception}"


def test_queues_and_workers_on_the_command_line(world: World, command: CliRunner, told: list[Order]) -> None:
    see(world)
    submit(world)
    assert command.invoke(cli, ["queue", "pause", "cpu", "--reason", "new disk"]).exit_code == 0
    first = rows(command, "queue", "list")[0]
    assert (first["waiting"], first["paused"], first["reason"]) == (1, True, "new disk")
    assert "paused: new disk" in command.invoke(cli, ["queue", "list"]).output
    assert command.invoke(cli, ["queue", "resume", "cpu"]).exit_code == 0
    assert command.invoke(cli, ["workers", "drain", NODE]).exit_code == 0
    assert told == [Order(NODE, ("cpu",), False)]
    assert rows(command, "workers", "list")[0]["state"] == "draining"
    assert NODE in command.invoke(cli, ["workers", "list"]).output


def test_figures_of_several_processes_are_added_up(world: World) -> None:
    one, other = Tally(), Tally()
    for tally in (one, other):
        tally.count(families.FAILURES, "kernel")
        tally.observe(families.STAGES, 0.3, "cpu", "wait")
        add_up(world.backend.writing, tally)
    one.count(families.FAILURES, "kernel", by=3)
    assert (add_up(world.backend.writing, one), add_up(world.backend.writing, one)) == (1, 0)
    with world.backend.reading() as s:
        assert s.get_one(Measure, ("grader_failures", "kernel", "")).value == 5
        assert s.get_one(Measure, ("grader_run_stage_seconds", "cpu\twait", "0.5")).value == 2
        assert s.get_one(Measure, ("grader_run_stage_seconds", "cpu\twait", "sum")).value == pytest.approx(0.6)


def test_figures_wait_for_a_database_that_does_not_answer(world: World) -> None:
    tally = Tally()
    tally.count(families.FAILURES, "kernel")
    with world.backend.writing() as s:
        s.execute(text("ALTER TABLE measures RENAME TO elsewhere"))
    assert add_up(world.backend.writing, tally) == 0
    with world.backend.writing() as s:
        s.execute(text("ALTER TABLE elsewhere RENAME TO measures"))
    assert add_up(world.backend.writing, tally) == 1
