"""How long files are kept: the rule, what it would remove now, and how much is stored."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grader.administration import queries
from grader.audit.service import Actor
from grader.retention import rules
from grader.retention.errors import InvalidRetention
from grader.time import utc_now
from grader.web import access, formats
from grader.web.backend import backend

pages = Blueprint("retention", __name__, url_prefix="/admin/files")


@pages.get("")
@access.allow(access.administrator)
def show() -> ResponseReturnValue:
    return _page()


@pages.post("")
@access.allow(access.administrator)
def change() -> ResponseReturnValue:
    """Setting the rule removes nothing: the page then tells what it will."""
    typed = {name: request.form.get(name, "").strip()[:10] for name in ("executed_months", "files_months")}
    try:
        with backend().writing() as session:
            rules.set_rule(
                session, executed_months=_months(typed["executed_months"]), files_months=_months(typed["files_months"]),
                by=Actor.of(access.caller_user()),
            )  # fmt: skip
    except InvalidRetention as problem:
        return _page(typed, str(problem)), 422
    flash("The rule is saved. It is applied within the hour.", "success")
    return redirect(url_for("retention.show"), 303)


@pages.post("/apply")
@access.allow(access.administrator)
def apply() -> ResponseReturnValue:
    with backend().writing() as session:
        done = rules.apply(session, utc_now(), Actor.of(access.caller_user()))
    runs = formats.count(done.executed, "executed notebook")
    flash(f"Removed: {formats.count(done.files, 'file')}, {runs}. The store lets them go in an hour.", "success")
    return redirect(url_for("retention.show"), 303)


def _page(typed: dict[str, str] | None = None, problem: str = "") -> str:
    with backend().reading() as session:
        rule, plan = rules.rule(session), rules.plan(session, utc_now())
        storage = queries.storage_use(session)
    shown = typed or {
        "executed_months": str(rule.executed_months or ""), "files_months": str(rule.files_months or ""),
    }  # fmt: skip
    return render_template(
        "admin/retention.html", rule=rule, plan=plan, storage=storage, typed=shown, problem=problem,
        most=rules.MOST_MONTHS,
    )  # fmt: skip


def _months(text: str) -> int | None:
    """None where the field is empty. Raises InvalidRetention."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidRetention
    return int(text)
