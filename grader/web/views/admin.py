"""What administrators see and do: queues and workers, failed submissions, storage, environments, audit, metrics."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.administration import environments, metrics, queries, service, standing
from grader.administration.environments import EnvironmentView
from grader.administration.queries import AuditFilter
from grader.audit.service import Actor
from grader.dashboard import health
from grader.grading import quarantine as quarantined
from grader.measuring.adding import add_up
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend, settings
from grader.web.paging import page_number
from grader.web.rerun_words import rerun_words
from grader.workers import service as workers
from worker.contract import Queue

pages = Blueprint("admin", __name__, url_prefix="/admin")
AUDIT_ROWS = 100


@pages.get("")
@access.allow(access.administrator)
def overview() -> ResponseReturnValue:
    with backend().reading() as session:
        found = health.queues(session)
        nodes = workers.views(session)
        kept = quarantined.listed(session)
        recent = health.workers(session, utc_now())
        paused, held = queries.pauses(session), queries.held_back(session)
        failed, count = queries.failed(session), queries.failed_count(session)
        storage = queries.storage_use(session)
    return render_template(
        "admin/overview.html", queues=found, recent=recent, nodes=nodes, quarantined=kept, paused=paused, held=held,
        failed=failed, failed_count=count, storage=storage, free_bytes=free_bytes(),
        environments=environments_here(),
    )  # fmt: skip


@pages.post("/queues/<queue>/pause")
@access.allow(access.administrator)
def pause(queue: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip()[:500] or "no reason given"
    with backend().writing() as session:
        service.pause(session, queue=queue_named(queue), reason=reason, by=_actor())
    flash(f"The queue {queue} is paused: nothing more is handed to workers.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/queues/<queue>/resume")
@access.allow(access.administrator)
def resume(queue: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.resume(session, queue=queue_named(queue), by=_actor())
    backend().dispatch()
    flash(f"The queue {queue} goes on.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/failed/retry")
@access.allow(access.administrator)
def retry_all() -> ResponseReturnValue:
    with backend().writing() as session:
        again = service.retry_failed(session, by=_actor())
    flash(rerun_words(again), "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/failed/<submission_id>/retry")
@access.allow(access.administrator)
def retry(submission_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.retry(session, run_or_submission=submission_id, reason="retried by an administrator", by=_actor())
    flash("It is being graded again.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/quarantine/<submission_id>/release")
@access.allow(access.administrator)
def release(submission_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.release(session, run_or_submission=submission_id, reason="released by an administrator", by=_actor())
    flash("It is out of quarantine and is being graded again.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/failed/<submission_id>/quarantine")
@access.allow(access.administrator)
def quarantine(submission_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.quarantine(session, run_or_submission=submission_id, reason="by an administrator", by=_actor())
    flash("It is in quarantine: no worker gets it until it is released.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/workers/<node>/drain")
@access.allow(access.administrator)
def drain(node: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip()[:500] or "no reason given"
    with backend().writing() as session:
        order = workers.drain(session, node, reason=reason, by=_actor())
    backend().broker.tell(order.node, order.queues, take=False)
    flash(f"{node} finishes what it has and takes no more.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.post("/workers/<node>/resume")
@access.allow(access.administrator)
def resume_worker(node: str) -> ResponseReturnValue:
    with backend().writing() as session:
        order = workers.resume(session, node, by=_actor())
    backend().broker.tell(order.node, order.queues, take=True)
    flash(f"{node} takes jobs again.", "success")
    return redirect(url_for("admin.overview"), 303)


@pages.get("/audit")
@access.allow(access.administrator)
def audit() -> ResponseReturnValue:
    page = page_number()
    typed = {key: request.args.get(key, "").strip()[:100] for key in ("q", "action", "since", "until")}
    filters = AuditFilter(typed["q"], typed["action"], _day(typed["since"]), _day_after(typed["until"]))
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


def _actor() -> Actor:
    return Actor.of(access.caller_user())


def queue_named(name: str) -> Queue:
    if name not in set(Queue):
        raise NotFound(f"There is no queue {name!r}.")
    return Queue(name)


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        return None


def _day_after(text: str) -> datetime | None:
    day = _day(text)
    try:
        return None if day is None else day + timedelta(days=1)
    except OverflowError:  # nothing comes after the last day of the calendar
        return None


def environments_here() -> list[EnvironmentView]:
    return environments.environments(settings().assignments_dir.parent / "environments.toml")


def free_bytes() -> int | None:
    """Room on the disk of the store, where the store is a folder of this machine."""
    where = settings().blob_url.removeprefix("file://")
    return shutil.disk_usage(where).free if "://" not in where and Path(where).is_dir() else None
