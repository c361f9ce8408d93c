"""Every request is held to the rule of its view, see `grader.web.access`; a view without one stops the start."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from werkzeug.exceptions import NotFound

from grader.web import viewing
from grader.web.access import FOR_STUDENTS, Rule, guard_of
from grader.web.backend import backend
from grader.web.identity import Caller, session_caller, token_caller
from grader.web.problems import NoAccess, SignInNeeded, TokenNeeded

ASSETS = frozenset({"static", "bootstrap.static"})  # files of ours that every visitor may have


def init_app(app: Flask) -> None:
    app.before_request(_enforce)


def require_guards(app: Flask) -> None:
    """Raises RuntimeError when a route has no rule; called at the end of the factory."""
    bare = {name for name, view in app.view_functions.items() if guard_of(view) is None} - ASSETS
    if bare:
        raise RuntimeError(f"routes without an access rule: {', '.join(sorted(bare))}")


def _enforce() -> None:
    if request.endpoint is None or request.endpoint in ASSETS:
        return  # no route: the router answers 404 or 405 itself
    guard = guard_of(current_app.view_functions.get(request.endpoint))
    if guard is None:
        raise NoAccess("This page has no access rule.")
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound("There is no such page.")  # PostgreSQL refuses to be asked for it
    if guard.rule is None:
        return
    caller = token_caller() if guard.by_token else session_caller()
    if caller is None:
        raise TokenNeeded() if guard.by_token else SignInNeeded()
    if guard.by_token and not caller.has_scope(guard.scope):
        raise NoAccess(f"This token lacks the scope {guard.scope!r}. Make a token that has it.")
    if not guard.by_token:
        caller = _as_student(caller, guard.rule)
    with backend().reading() as session:
        g.granted = guard.rule(session, caller, dict(request.view_args or {}))
    g.caller = caller


def _as_student(caller: Caller, rule: Rule) -> Caller:
    seen = viewing.current()
    if seen is None:
        return caller
    if rule not in FOR_STUDENTS:
        raise NoAccess("You see this course as one of its students does, and they cannot open this. Stop first.")
    return Caller(seen.student, only_course=seen.course_id)
