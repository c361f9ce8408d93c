"""Webhooks of a course (for its instructors) and of the whole service (for administrators)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import Course, WebhookEndpoint
from grader.errors import DomainError
from grader.lms.webhooks import queries, service
from grader.outbox.kinds import EVENTS
from grader.time import utc_now
from grader.web import access, errors, formats, zones
from grader.web.backend import backend
from grader.web.paging import page_number

pages = Blueprint("webhooks", __name__)
COURSE, ADMIN = "/courses/<course_slug>/webhooks", "/admin/webhooks"
PAGE_ROWS = 50


@pages.get(COURSE)
@pages.get(ADMIN)
@access.allow(access.manager_of_webhooks)
def endpoints(course_slug: str | None = None) -> ResponseReturnValue:
    return _list_page()


@pages.post(COURSE)
@pages.post(ADMIN)
@access.allow(access.manager_of_webhooks)
def add(course_slug: str | None = None) -> ResponseReturnValue:
    url = request.form.get("url", "").strip()
    description, events = request.form.get("description", ""), request.form.getlist("events")
    try:
        made = add_endpoint(url, description, events)
    except DomainError as error:
        return _list_page(url, description, events, problem=str(error)), errors.status_of(error)
    return _secret_page(made.endpoint, made.secret, new=True)


@pages.get(f"{COURSE}/<endpoint_id>")
@pages.get(f"{ADMIN}/<endpoint_id>")
@access.allow(access.manager_of_webhooks)
def one(endpoint_id: str, course_slug: str | None = None) -> ResponseReturnValue:
    page = page_number()
    failed_only = request.args.get("show") == "failed"
    with backend().reading() as session:
        endpoint = found_endpoint(session, endpoint_id)
        rows = queries.deliveries(
            session, endpoint_id, failed_only=failed_only, limit=PAGE_ROWS + 1, offset=(page - 1) * PAGE_ROWS
        )
    return render_template(
        "webhooks/one.html", course=_course(), endpoint=endpoint, rows=rows[:PAGE_ROWS], more=len(rows) > PAGE_ROWS,
        page=page, failed_only=failed_only, overlaps=endpoint.overlaps(utc_now()), args=_args(),
    )  # fmt: skip


@pages.post(f"{COURSE}/<endpoint_id>/ping")
@pages.post(f"{ADMIN}/<endpoint_id>/ping")
@access.allow(access.manager_of_webhooks)
def ping(endpoint_id: str, course_slug: str | None = None) -> ResponseReturnValue:
    with backend().writing() as session:
        service.ping(session, found_endpoint(session, endpoint_id, lock=True), by=_actor(), now=utc_now())
    return _back(endpoint_id, "A test message is on its way; its answer will stand here in a few seconds.")


@pages.post(f"{COURSE}/<endpoint_id>/rotate")
@pages.post(f"{ADMIN}/<endpoint_id>/rotate")
@access.allow(access.manager_of_webhooks)
def rotate(endpoint_id: str, course_slug: str | None = None) -> ResponseReturnValue:
    overlap = request.form.get("leaked") != "yes"
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        sealer = backend().webhooks.sealer
        secret = service.rotate(session, endpoint, sealer=sealer, overlap=overlap, by=_actor(), now=utc_now())
    return _secret_page(endpoint, secret, new=False)


@pages.post(f"{COURSE}/<endpoint_id>/<any(enable, disable, remove):what>")
@pages.post(f"{ADMIN}/<endpoint_id>/<any(enable, disable, remove):what>")
@access.allow(access.manager_of_webhooks)
def change(endpoint_id: str, what: str, course_slug: str | None = None) -> ResponseReturnValue:
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        if what == "enable":
            service.enable(session, endpoint, by=_actor())
        elif what == "disable":
            service.disable(session, endpoint, reason=queries.BY_HAND, by=_actor(), now=utc_now())
        else:
            service.remove(session, endpoint, by=_actor(), now=utc_now())
    if what == "remove":
        flash("The endpoint was removed.", "success")
        return redirect(url_for("webhooks.endpoints", **_args()), 303)
    return _back(endpoint_id, f"The endpoint is {what}d.")


@pages.post(f"{COURSE}/<endpoint_id>/deliveries/<delivery_id>")
@pages.post(f"{ADMIN}/<endpoint_id>/deliveries/<delivery_id>")
@access.allow(access.manager_of_webhooks)
def redeliver(endpoint_id: str, delivery_id: str, course_slug: str | None = None) -> ResponseReturnValue:
    redeliver_one(endpoint_id, delivery_id)
    return _back(endpoint_id, "It is being sent again.")


@pages.post(f"{COURSE}/<endpoint_id>/redeliver")
@pages.post(f"{ADMIN}/<endpoint_id>/redeliver")
@access.allow(access.manager_of_webhooks)
def redeliver_since(endpoint_id: str, course_slug: str | None = None) -> ResponseReturnValue:
    try:
        since = zones.read_input(request.form.get("since", ""))
    except ValueError:
        since = None
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        if since is None:
            flash("Say since when: a date and a time.", "error")
            return redirect(url_for("webhooks.one", endpoint_id=endpoint_id, **_args()), 303)
        count = service.redeliver_since(session, endpoint, since, by=_actor(), now=utc_now())
    return _back(endpoint_id, f"{formats.count(count, 'message')} will be sent again.")


def add_endpoint(url: str, description: str, events: list[str]) -> service.Added:
    """Raises InvalidEndpoint, TooManyEndpoints."""
    parts = backend()
    service.check_address(url, parts.webhooks.sender.rules)  # may take seconds: before the transaction
    with parts.writing() as session:
        return service.add(
            session, course_id=_course_id(), url=url, description=description, events=events,
            sealer=parts.webhooks.sealer, by=_actor(), now=utc_now(),
        )  # fmt: skip


def redeliver_one(endpoint_id: str, delivery_id: str) -> None:
    with backend().writing() as session:
        endpoint = found_endpoint(session, endpoint_id, lock=True)
        delivery = queries.delivery(session, delivery_id, lock=True)
        if delivery is None or delivery.endpoint_id != endpoint.id:
            raise NotFound("There is no such delivery of this endpoint.")
        service.redeliver(session, endpoint, delivery, by=_actor(), now=utc_now())


def found_endpoint(session: Session, endpoint_id: str, *, lock: bool = False) -> WebhookEndpoint:
    found = queries.endpoint(session, endpoint_id, _course_id(), lock=lock)
    if found is None:
        raise NotFound("There is no such endpoint here.")
    return found


def _list_page(url: str = "", description: str = "", events: list[str] | None = None, problem: str = "") -> str:
    with backend().reading() as session:
        found = queries.endpoints(session, _course_id())
        counts = queries.counts(session, [endpoint.id for endpoint in found])
    return render_template(
        "webhooks/endpoints.html", course=_course(), found=found, counts=counts, kinds=EVENTS, url=url,
        description=description, events=events or [], problem=problem, args=_args(),
    )  # fmt: skip


def _secret_page(endpoint: WebhookEndpoint, secret: str, *, new: bool) -> str:
    return render_template(
        "webhooks/secret.html", course=_course(), endpoint=endpoint, secret=secret, new=new, args=_args()
    )


def _back(endpoint_id: str, text: str) -> ResponseReturnValue:
    flash(text, "success")
    return redirect(url_for("webhooks.one", endpoint_id=endpoint_id, **_args()), 303)


def _course() -> Course | None:
    scope = access.granted_webhooks()
    return scope.course if scope is not None else None


def _course_id() -> str | None:
    course = _course()
    return course.id if course is not None else None


def _args() -> dict[str, Any]:
    """What addresses of this scope need."""
    course = _course()
    return {"course_slug": course.slug} if course is not None else {}


def _actor() -> Actor:
    return Actor.of(access.caller_user())
