"""Each request gets an id that its log lines carry, a line of its own, and its place in the figures."""

from __future__ import annotations

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request

from grader.measuring import figures
from telemetry import context

log = logging.getLogger("grader.web.requests")

HEADER = "X-Request-ID"
_OURS = re.compile(r"[\w-]{8,64}", re.ASCII)  # a proxy's id is taken over if it cannot be anything else
# Asked every few seconds by machines, or as good as free: a line for each would hide the others.
UNLOGGED = ("health.healthz", "health.readyz", "admin.prometheus", "static", "bootstrap.static")


def init_app(app: Flask) -> None:
    """Before all that may answer, so that refusals are seen too."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(lambda _: context.start())


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _OURS.fullmatch(given) else secrets.token_hex(8)
    g.request_began, g.request_began_ns = time.perf_counter(), time.time_ns()
    context.start(request=g.request_id)


def _end(response: Response) -> Response:
    began = g.get("request_began")
    if began is None:
        return response
    seconds = time.perf_counter() - began
    route = request.endpoint or "none"  # never the path: it may hold a ticket, and there is no end to paths
    response.headers[HEADER] = g.request_id
    figures.http(route, request.method, response.status_code, seconds)
    if route not in UNLOGGED:
        fields = {"method": request.method, "route": route, "status": response.status_code}
        log.info("answered", extra={"fields": {**fields, "seconds": round(seconds, 4)}})
    return response
