"""Who may change a course by incoming webhooks, and what came, with the answers that were given."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import IncomingSender
from grader.errors import DomainError
from grader.lms.incoming import queries, senders
from grader.lms.incoming.events import KINDS
from grader.time import utc_now
from grader.web import access, errors
from grader.web.arrivals import address_of
from grader.web.backend import backend
from grader.web.paging import page_number

pages = Blueprint("incoming", __name__)
ADDRESS = "/courses/<course_slug>/incoming"
ONE = f"{ADDRESS}/<sender_id>"
PAGE_ROWS = 50


@pages.get(ADDRESS)
@access.allow(access.instructor_of_course)
def listed(course_slug: str) -> ResponseReturnValue:
    return _list_page()


@pages.post(ADDRESS)
@access.allow(access.instructor_of_course)
def add(course_slug: str) -> ResponseReturnValue:
    course, name = access.granted_course().course, request.form.get("name", "")
    try:
        with backend().writing() as session:
            made = senders.add(
                session, course_id=course.id, name=name, sealer=backend().webhooks.sealer, by=_actor(), now=utc_now()
            )
    except DomainError as error:
        return _list_page(name, str(error)), errors.status_of(error)
    return _secret_page(made.sender, made.secret, new=True)


@pages.get(ONE)
@access.allow(access.instructor_of_course)
def one(course_slug: str, sender_id: str) -> ResponseReturnValue:
    page = page_number()
    refused_only = request.args.get("show") == "refused"
    with backend().reading() as session:
        sender = found_sender(session, sender_id)
        rows = queries.messages(
            session, sender_id, refused_only=refused_only, limit=PAGE_ROWS + 1, offset=(page - 1) * PAGE_ROWS
        )
    return render_template(
        "incoming/one.html", course=access.granted_course().course, sender=sender, rows=rows[:PAGE_ROWS],
        more=len(rows) > PAGE_ROWS, page=page, refused_only=refused_only, url=address_of(sender.id),
        overlaps=sender.overlaps(utc_now()),
    )  # fmt: skip


@pages.post(f"{ONE}/rotate")
@access.allow(access.instructor_of_course)
def rotate(course_slug: str, sender_id: str) -> ResponseReturnValue:
    overlap = request.form.get("leaked") != "yes"
    with backend().writing() as session:
        sender = found_sender(session, sender_id, lock=True)
        sealer = backend().webhooks.sealer
        secret = senders.rotate(session, sender, sealer=sealer, overlap=overlap, by=_actor(), now=utc_now())
    return _secret_page(sender, secret, new=False)


@pages.post(f"{ONE}/<any(enable, disable, remove):what>")
@access.allow(access.instructor_of_course)
def change(course_slug: str, sender_id: str, what: str) -> ResponseReturnValue:
    with backend().writing() as session:
        sender = found_sender(session, sender_id, lock=True)
        if what == "remove":
            senders.remove(session, sender, by=_actor(), now=utc_now())
        else:
            senders.set_enabled(session, sender, enabled=what == "enable", by=_actor(), now=utc_now())
    if what == "remove":
        flash("The sender was removed.", "success")
        return redirect(url_for("incoming.listed", course_slug=course_slug), 303)
    flash(f"The sender is {what}d.", "success")
    return redirect(url_for("incoming.one", course_slug=course_slug, sender_id=sender_id), 303)


def found_sender(session: Session, sender_id: str, *, lock: bool = False) -> IncomingSender:
    found = queries.sender(session, sender_id, access.granted_course().course.id, lock=lock)
    if found is None:
        raise NotFound("There is no such sender in this course.")
    return found


def _list_page(name: str = "", problem: str = "") -> str:
    course = access.granted_course().course
    with backend().reading() as session:
        found = queries.senders(session, course.id)
        counts = queries.counts(session, course.id)
    return render_template(
        "incoming/senders.html", course=course, found=found, counts=counts, kinds=KINDS, name=name, problem=problem
    )


def _secret_page(sender: IncomingSender, secret: str, *, new: bool) -> str:
    course = access.granted_course().course
    return render_template(
        "incoming/secret.html", course=course, sender=sender, secret=secret, new=new, url=address_of(sender.id)
    )


def _actor() -> Actor:
    return Actor.of(access.caller_user())
