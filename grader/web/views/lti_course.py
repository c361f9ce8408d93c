"""The learning platform of a course, for its instructors: what is connected, and its roster."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import LtiContext
from grader.lms.lti import contexts, memberships, queries
from grader.lms.lti.errors import RosterFailed
from grader.lms.lti.tokens import Platform
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend

pages = Blueprint("lti_course", __name__, url_prefix="/courses/<course_slug>/lti")


@pages.get("")
@access.allow(access.instructor_of_course)
def page(course_slug: str) -> ResponseReturnValue:
    course = access.granted_course().course
    with backend().reading() as session:
        found = queries.contexts_of_course(session, course.id)
        links = {one.id: queries.resource_links_of(session, one.id) for one in found}
    return render_template("lti/course.html", course=course, found=found, links=links)


@pages.post("/<context_id>/roster")
@access.allow(access.instructor_of_course)
def roster(course_slug: str, context_id: str) -> ResponseReturnValue:
    """Get the roster now."""
    try:
        done = fetched_roster(context_id)
    except RosterFailed as error:
        flash(str(error), "error")
        return redirect(url_for("lti_course.page", course_slug=course_slug), 303)
    text = f"{done.new} new, {done.changed} changed, {done.same} as they were."
    gone = f" {done.gone} left the course there; here they stay, with their work." if done.gone else ""
    flash(f"The roster is here: {text}{gone}", "success")
    return redirect(url_for("lti_course.page", course_slug=course_slug), 303)


@pages.post("/<context_id>/unlink")
@access.allow(access.instructor_of_course)
def unlink(course_slug: str, context_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        contexts.unlink(session, found_context(session, context_id), by=Actor.of(access.caller_user()))
    flash("The course is not connected any more. People, work and grades stay as they are.", "success")
    return redirect(url_for("lti_course.page", course_slug=course_slug), 303)


def fetched_roster(context_id: str) -> memberships.Synced:
    """Ask the platform without a session, then apply all of it at once. Raises RosterFailed, whose reason is kept."""
    parts, by = backend(), Actor.of(access.caller_user())
    with parts.reading() as session:
        context = found_context(session, context_id)
    try:
        if context.deployment.registration.disabled_at is not None:
            raise RosterFailed("The platform is switched off here. Let an administrator of the service enable it.")
        platform = Platform.of(context.deployment.registration)
        members = memberships.fetch(parts.lti.services, platform, context.memberships_url)
        with parts.writing() as session:
            return memberships.apply(session, found_context(session, context_id), members, by=by, now=utc_now())
    except RosterFailed as error:
        with parts.writing() as session:
            found_context(session, context_id).roster_problem = str(error)
        raise


def found_context(session: Session, context_id: str) -> LtiContext:
    row = queries.context_by_id(session, context_id)
    if row is None or row.course_id != access.granted_course().course.id:
        raise NotFound("There is no such connection of this course.")
    return row
