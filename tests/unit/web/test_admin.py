from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from grader.administration.environments import environments
from grader.db.models import OutboxMessage, Submission, SubmissionStatus
from grader.queueing import candidates
from grader.queueing import queries as queueing
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.world import World, finish, submission_of, submit
from worker.contract import GradeStatus


def claimable(world: World) -> list[str]:
    """Rows whose jobs would be sent to a broker that is there, sooner or later."""
    later, found = utc_now() + timedelta(hours=1), []
    with world.backend.reading() as s:
        for queue in queueing.open_queues(s):
            found += [waiting.message_id for waiting in candidates.waiting(s, queue, later)]
            found += queueing.sent_and_owed(s, queue, later, 100)
    return found


def fail(world: World) -> Submission:
    submission = submit(world, "sam")
    for _ in range(world.backend.rules.max_attempts):
        finish(world, submission.id, status=GradeStatus.FAILED)
    return submission


def test_a_paused_queue_keeps_its_jobs_and_loses_none(world: World, admin: Browser) -> None:
    assert admin.post("/admin/queues/cpu/pause", reason="new workers").status_code == 303
    submit(world, "sam")
    assert claimable(world) == []
    page = admin.client.get("/admin").text
    assert "new workers" in page
    assert "Resume cpu" in page
    assert admin.post("/admin/queues/cpu/resume").status_code == 303
    with world.backend.reading() as s:
        assert s.scalars(select(OutboxMessage).where(OutboxMessage.dispatched_at.is_(None))).first() is not None
    assert len(claimable(world)) == 1
    assert admin.post("/admin/queues/none/pause").status_code == 404


def test_failed_submissions_say_why_and_are_graded_again(world: World, admin: Browser) -> None:
    first, second = fail(world), fail(world)
    page = admin.client.get("/admin").text
    assert "2 submissions could not be graded" in page
    assert "staff only: worker log" in page
    assert admin.post(f"/admin/failed/{first.id}/retry").status_code == 303
    assert submission_of(world, first.id).status is SubmissionStatus.QUEUED
    assert submission_of(world, second.id).status is SubmissionStatus.FAILED
    assert admin.post("/admin/failed/retry").status_code == 303
    assert submission_of(world, second.id).status is SubmissionStatus.QUEUED


def test_the_audit_log_is_searched(world: World, admin: Browser) -> None:
    admin.post("/admin/queues/gpu/pause", reason="driver update")
    found = admin.client.get("/admin/audit?q=olga&action=queue.").text
    assert "queue.paused" in found
    assert "driver update" in found
    assert "course.created" not in found
    assert "Nothing fits" in admin.client.get("/admin/audit?until=2001-01-01").text
    assert "queue.paused" in admin.client.get("/admin/audit?since=nonsense").text


def test_prometheus_reads_figures_with_the_token_of_an_administrator(app: Flask, world: World, admin: Browser) -> None:
    finish(world, submit(world, "sam").id)
    submit(world, "sue")
    client = app.test_client()
    answer = client.get("/admin/metrics", headers={"Authorization": f"Bearer {world.tokens['olga']}"})
    assert answer.status_code == 200
    for line in (
        'grader_submissions{status="graded"} 1.0',
        'grader_queue_waiting{queue="cpu"} 1.0',
        'grader_deliveries_waiting{target="webhook"} 0.0',
        "grader_http_seconds_count{",
    ):
        assert line in answer.text
    refused = client.get("/admin/metrics", headers={"Authorization": f"Bearer {world.tokens['ida']}"})
    assert refused.status_code == 403


def test_programs_pause_and_search(app: Flask, world: World, admin: Browser) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['olga']}"}
    made = client.put("/api/v1/admin/queues/cpu", headers=headers, json={"paused": True, "reason": "x"})
    assert [(q["queue"], q["paused"]) for q in made.json["queues"]] == [("cpu", True), ("gpu", False)]
    entries = client.get("/api/v1/admin/audit?action=queue.", headers=headers).json["entries"]
    assert [e["action"] for e in entries] == ["queue.paused"]
    fail(world)
    assert client.get("/api/v1/admin/failed", headers=headers).json["total"] == 1
    assert client.post("/api/v1/admin/failed/retry", headers=headers).json == {"submissions": 1, "removed": 0}


def test_administrators_set_how_a_course_shares_the_queues(app: Flask, world: World, admin: Browser) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['olga']}"}
    path = "/api/v1/admin/courses/dl-2026/queue-terms"
    usual = {"course": "dl-2026", "weight": 1.0, "running_most": None, "waiting_most": 100}
    assert client.get(path, headers=headers).json == usual
    assert client.put(path, headers=headers, json={"weight": 2.5, "running_most": 8}).json == {
        **usual, "weight": 2.5, "running_most": 8,
    }  # fmt: skip
    assert client.get(path, headers=headers).json["weight"] == 2.5
    for wrong in ({"weight": 0}, {"weight": 1000}, {"running_most": 0}, {"waiting_most": -1}, {"share": 1}):
        assert client.put(path, headers=headers, json=wrong).status_code == 422
    assert client.get("/api/v1/admin/courses/none/queue-terms", headers=headers).status_code == 404
    entries = client.get("/api/v1/admin/audit?action=course.queue", headers=headers).json["entries"]
    assert [e["after"]["weight"] for e in entries] == [2.5]


def test_the_same_terms_are_set_on_a_page(world: World, admin: Browser) -> None:
    page, path = "/admin/courses", "/admin/courses/dl-2026/queue-terms"
    assert "Weight 1 · no limit of runs at once · 100 waiting attempts a student" in admin.client.get(page).text
    assert admin.post(path, weight="2,5", running_most="8", waiting_most="").status_code == 303
    assert "Weight 2.5 · 8 runs at once · no limit of waiting attempts" in admin.client.get(page).text
    assert "course.queue-terms" in admin.client.get("/admin/audit").text
    for wrong in ({"weight": "much"}, {"weight": "nan"}, {"weight": "1", "running_most": "-1"}, {"weight": "1000"}):
        assert admin.post(path, **wrong).status_code == 422
    assert "Weight 2.5 · 8 runs at once" in admin.client.get(page).text
    assert admin.post("/admin/courses/none/queue-terms", weight="1").status_code == 404


def test_being_an_administrator_opens_no_course(world: World, admin: Browser) -> None:
    assert admin.client.get("/courses/dl-2026/dashboard").status_code == 404


def test_the_packages_of_an_environment_are_read_from_where_it_is(tmp_path: Path) -> None:
    made = tmp_path / "kernels/course/lib/python3.12/site-packages/torch-2.9.0.dist-info"
    made.mkdir(parents=True)
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.0\n")
    table = '[[environment]]\nname = "{}"\ninterpreter = "kernels/{}/bin/python"\n'
    (tmp_path / "environments.toml").write_text(table.format("course", "course") + table.format("other", "gone"))
    course, other = environments(tmp_path / "environments.toml")
    assert course.packages == (("torch", "2.9.0"),)
    assert "not on this machine" in other.problem
    assert "cannot be read" in environments(tmp_path / "nothing.toml")[0].problem
