"""What administrators see and do: queues and workers, failed submissions, storage, environments, audit, metrics."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.administration import environments, metrics, queries, service, standing
from grader.administration.queries import AuditFilter
from grader.audit.service import Actor
from grader.dashboard import health
from grader.db.models import Submission
from grader.grading import service as grading
from grader.measuring.adding import add_up
from grader.time import utc_now
from grader.web import access, formats
from grader.web.backend import backend, settings
from worker.contract import Queue

pages = Blueprint("admin", __name__, url_prefix="/admin")
AUDIT_ROWS = 100


@pages.get("")
@access.allow(access.administrator)
def overview() -> ResponseReturnValue:
    live = backend().broker.workers()
    with backend().reading() as session:
        found = health.queues(session)
        recent = health.workers(session, utc_now())
        paused, held = queries.pauses(session), queries.held_back(session)
        failed, count = queries.failed(session), queries.failed_count(session)
        storage = queries.storage_use(session)
    return render_template(
        "admin/overview.html", queues=found, recent=recent, live=live, paused=paused, held=held, failed=failed,
        failed_count=count, storage=storage, free_bytes=_free_bytes(),
        environments=environments.environments(settings().assignments_dir.parent / "environments.toml"),
    )  # fmt: skip


@pages.post("/queues/<queue>/pause")
@access.allow(access.administrator)
def pause(queue: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip()[:500] or "no reason given"
    with backend().writing() as session:
        service.pause(session, queue=queue_named(queue), reason=reason, by=access.caller_user())
    flash(f"The queue {queue} is paused: nothing more is handed to workers.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/queues/<queue>/resume")
@access.allow(access.administrator)
def resume(queue: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.resume(session, queue=queue_named(queue), by=access.caller_user())
    backend().dispatch()
    flash(f"The queue {queue} goes on.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/failed/retry")
@access.allow(access.administrator)
def retry_all() -> ResponseReturnValue:
    with backend().writing() as session:
        count = service.retry_failed(session, by=access.caller_user())
    flash(f"{formats.count(count, 'submission')} will be graded again.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/failed/<submission_id>/retry")
@access.allow(access.administrator)
def retry(submission_id: str) -> ResponseReturnValue:
    by = Actor.of(access.caller_user())
    with backend().writing() as session:
        if session.get(Submission, submission_id) is None:
            raise NotFound("There is no such submission.")
        grading.rerun(session, submission_ids=[submission_id], by=by, reason="retried by an administrator")
    flash("It is being graded again.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.get("/audit")
@access.allow(access.administrator)
def audit() -> ResponseReturnValue:
    page = max(request.args.get("page", 1, type=int), 1)
    typed = {key: request.args.get(key, "").strip()[:100] for key in ("q", "action", "since", "until")}
    until = _day(typed["until"])
    filters = AuditFilter(typed["q"], typed["action"], _day(typed["since"]), until and until + timedelta(days=1))
    with backend().reading() as session:
        found = queries.audit_entries(session, filters, limit=AUDIT_ROWS + 1, offset=(page - 1) * AUDIT_ROWS)
    given = {key: value for key, value in typed.items() if value}
    return render_template(
        "admin/audit.html", rows=found[:AUDIT_ROWS], more=len(found) > AUDIT_ROWS, page=page, typed=typed, given=given
    )


@pages.get("/metrics")
@access.allow_token(access.administrator)
def prometheus() -> Response:
    """For Prometheus, with the bearer token of an administrator."""
    add_up(backend().writing)
    with backend().reading() as session:
        text = metrics.exposition(standing.read(session, utc_now()), standing.measures(session))
    return Response(text, content_type=metrics.CONTENT_TYPE)


def queue_named(name: str) -> Queue:
    if name not in set(Queue):
        raise NotFound(f"There is no queue {name!r}.")
    return Queue(name)


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        return None


def _free_bytes() -> int | None:
    """Room on the disk of the store, where the store is a folder of this machine."""
    where = settings().blob_url.removeprefix("file://")
    return shutil.disk_usage(where).free if "://" not in where and Path(where).is_dir() else None
