"""How errors become answers: one registry of codes, one page, one problem document. Never a traceback."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Flask, Response, redirect, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from grader.errors import DomainError
from grader.web import formats, limits, problems
from grader.web.statuses import STATUS_OF_CODE

log = logging.getLogger("grader.web")

API_PREFIX = "/api/"
PROBLEM_TYPE = "application/problem+json"

STATUS_OF_EDGE: dict[type[problems.EdgeError], int] = {
    problems.SignInNeeded: 401,
    problems.TokenNeeded: 401,
    problems.NoAccess: 403,
    problems.OnlyLooking: 403,
    problems.NotMultipart: 415,
    problems.BadRequestField: 422,
    problems.FileMissing: 422,
    problems.FileTooLarge: 413,
    problems.AmbiguousAssignment: 409,
}

TITLES = {
    400: "This request cannot be understood",
    401: "Not signed in",
    403: "You may not open this",
    404: "Not found",
    405: "This address does not take that request",
    409: "This needs one more word from you",
    410: "No longer there",
    413: "The upload is too large",
    415: "The wrong kind of content",
    422: "This cannot be accepted",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "The service cannot answer just now",
}


@dataclass(frozen=True)
class Problem:
    """One error as it is told, to people and to programs."""

    status: int
    detail: str
    code: str = ""
    incident: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[tuple[str, str], ...] = ()  # links on the page: text, address

    @property
    def title(self) -> str:
        return TITLES.get(self.status) or HTTPStatus(self.status).phrase

    def document(self) -> dict[str, Any]:
        """The body of RFC 9457; `code` is stable and for programs."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request.path,
            **self.extra,
        }
        if self.code:
            body["code"] = self.code
        if self.incident:
            body["incident"] = self.incident
        return body


def status_of(error: DomainError) -> int:
    """422 for a code that nobody has registered: the sentence is for the user in any case."""
    if getattr(error, "detail_code", "") == "too-large":
        return 413
    return STATUS_OF_CODE.get(error.code, 422)


def wants_json() -> bool:
    return request.path.startswith(API_PREFIX) or request.path in ("/healthz", "/readyz")


def answer(problem: Problem) -> Response:
    """The problem as the caller reads it: a document for programs, a page for people."""
    if wants_json():
        response = Response(json.dumps(problem.document()), problem.status, content_type=PROBLEM_TYPE)
    else:
        response = Response(render_template("errors/error.html", problem=problem), problem.status)
    response.headers.extend(problem.headers)
    return response


def init_app(app: Flask) -> None:
    app.register_error_handler(problems.EdgeError, _edge)
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(HTTPError, _input)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(RateLimitExceeded, _too_often)
    for away in (OperationalError, InterfaceError, NoConnectionFree):
        app.register_error_handler(away, _database)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _edge(error: problems.EdgeError) -> AnyResponse:
    if isinstance(error, problems.SignInNeeded) and not wants_json():
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=back))
    status = STATUS_OF_EDGE[type(error)]
    extra: dict[str, Any] = {}
    choices: tuple[tuple[str, str], ...] = ()
    headers = {"WWW-Authenticate": 'Bearer realm="grader"'} if isinstance(error, problems.TokenNeeded) else {}
    if isinstance(error, problems.AmbiguousAssignment):
        extra["courses"] = list(error.courses)
        choices = tuple((course, f"{request.path}?course={course}") for course in error.courses)
    return answer(Problem(status, str(error), headers=headers, extra=extra, choices=choices))


def _domain(error: DomainError) -> AnyResponse:
    detail_code = getattr(error, "detail_code", "")
    extra = {"reason": detail_code} if detail_code else {}
    wait_s = getattr(error, "retry_after_s", None)
    headers = {"Retry-After": str(wait_s)} if wait_s else {}
    return answer(Problem(status_of(error), str(error), code=error.code, extra=extra, headers=headers))


def _input(error: HTTPError) -> AnyResponse:
    """A query or body that APIFlask could not read: `detail` is {place: {field: [messages]}}."""
    fields = {
        f"{place}.{name}": messages
        for place, named in (error.detail or {}).items()
        for name, messages in (named.items() if isinstance(named, dict) else [("", named)])
    }
    text = "; ".join(f"{name}: {' '.join(map(str, messages))}" for name, messages in fields.items())
    return answer(Problem(error.status_code, text or str(error.message), extra={"fields": fields} if fields else {}))


def _csrf(error: CSRFError) -> AnyResponse:
    text = (
        "The form had been open for too long, or it was opened before you signed in. "
        "Nothing was changed. Go back, reload the page and send it again."
    )
    return answer(Problem(400, text, code="stale-form"))


def _too_large(error: RequestEntityTooLarge) -> AnyResponse:
    drain()
    most = request.max_content_length
    limit = f" of more than {formats.file_size(most)}" if most else ""
    text = (
        f"The upload{limit} was not read. A notebook is that large only when it holds big outputs: open it, clear "
        "the outputs (Edit → Clear all outputs), save it and upload it again."
    )
    return answer(Problem(413, text, code="too-large", headers={"Connection": "close"}))


def _too_often(error: RateLimitExceeded) -> AnyResponse:
    wait_s = limits.seconds_until_free(error)
    return answer(Problem(429, str(error.description), code="too-often", headers={"Retry-After": str(wait_s)}))


DRAIN_MOST_BYTES = 512 * 1024 * 1024


def drain() -> None:
    """Read on what is being sent, and forget it: a browser shows our answer only once it has sent everything."""
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, DRAIN_MOST_BYTES)
    try:
        while left > 0 and (part := stream.read(min(left, 1 << 20))):
            left -= len(part)
    except OSError:
        pass  # the client has gone away; so has the need


def _database(error: SQLAlchemyError) -> AnyResponse:
    incident = _log_incident(error)
    text = "The database does not answer at the moment. Nothing was changed; try again in a minute."
    return answer(Problem(503, text, code="database-unavailable", incident=incident, headers={"Retry-After": "15"}))


PLAIN = {
    400: "The request could not be read. Where the address takes JSON, send it as application/json.",
    404: "There is nothing at this address. It may have been mistyped, or the thing was removed.",
    405: "This address exists, but not for this kind of request.",
}


def _http(error: HTTPException) -> AnyResponse:
    if isinstance(error.response, AnyResponse):
        return error.response
    status = error.code or 500
    stock = type(error).description == error.description
    detail = PLAIN.get(status) if stock else None
    headers = {k: v for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")}
    return answer(Problem(status, str(detail or error.description or HTTPStatus(status).phrase), headers=headers))


def _unexpected(error: Exception) -> AnyResponse:
    text = "This is our fault, not yours, and it was noted. Try again; what you had sent before is safe."
    return answer(Problem(500, text, code="internal-error", incident=_log_incident(error)))


def _log_incident(error: Exception) -> str:
    """Log the whole error under a name that the user can quote; returns the name."""
    incident = secrets.token_hex(4)
    log.error("incident %s: %s %s", incident, request.method, request.path, exc_info=error)
    return incident
