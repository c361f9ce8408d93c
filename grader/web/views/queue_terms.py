"""How courses share the queues; for administrators."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.queueing import service
from grader.queueing.terms import InvalidTerms, QueueTerms
from grader.web import access
from grader.web.backend import backend

pages = Blueprint("queue_terms", __name__, url_prefix="/admin/courses")


@dataclass(frozen=True)
class TermsForm:
    """As it is shown and typed; an empty field is no limit."""

    weight: str
    running_most: str
    waiting_most: str

    @classmethod
    def of(cls, terms: QueueTerms) -> Self:
        return cls(f"{terms.weight:g}", str(terms.running_most or ""), str(terms.waiting_most or ""))

    @classmethod
    def typed(cls) -> Self:
        return cls(**{name: request.form.get(name, "").strip()[:20] for name in cls.__dataclass_fields__})

    def terms(self) -> QueueTerms:
        """Raises InvalidTerms."""
        try:
            weight = float(self.weight.replace(",", "."))
        except ValueError:
            weight = math.nan
        if not math.isfinite(weight):
            raise InvalidTerms(f"Weight: {self.weight!r} is not a number, such as 1 or 2.5.")
        running = _whole("Runs at once", self.running_most)
        return QueueTerms(weight, running, _whole("Waiting attempts of one student", self.waiting_most)).checked()


@pages.get("")
@access.allow(access.administrator)
def show() -> ResponseReturnValue:
    return _page()


@pages.post("/<course_slug>/queue-terms")
@access.allow(access.administrator)
def change(course_slug: str) -> ResponseReturnValue:
    typed = TermsForm.typed()
    try:
        with backend().writing() as session:
            by = Actor.of(access.caller_user())
            kept = service.set_terms(session, course_slug=course_slug, terms=typed.terms(), by=by)
    except InvalidTerms as problem:
        return _page(course_slug, typed, str(problem)), 422
    if kept is None:
        raise NotFound(f"There is no course {course_slug[:80]!r}.")
    backend().dispatch()
    flash(f"Saved for {course_slug}. It holds from the next job on.", "success")
    return redirect(url_for("queue_terms.show"), 303)


def _page(wrong: str = "", typed: TermsForm | None = None, problem: str = "") -> str:
    with backend().reading() as session:
        found = courses.all_courses(session)
    rows = [
        (course, terms, typed if typed and course.slug == wrong else TermsForm.of(terms))
        for course in found
        for terms in [QueueTerms.of(course.queue_terms)]
    ]
    return render_template("admin/courses.html", rows=rows, wrong=wrong, problem=problem)


def _whole(what: str, text: str) -> int | None:
    """None where the field is empty. Raises InvalidTerms."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidTerms(f"{what}: {text!r} is not a whole number; leave it empty for no limit.")
    return int(text)
