"""Whether the service and what it stands on answer; and the notebooks that workers fetch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from grader.submissions import service as submissions
from grader.submissions.queries import add_blob
from grader.web import access
from grader.web.backend import backend
from worker.contract import MAX_EXECUTED_BYTES, Queue

log = logging.getLogger(__name__)
pages = Blueprint("health", __name__)
PROBE = b"This file shows that the store can be written to.\n"


@pages.get("/healthz")
@access.allow_anyone
def healthz() -> ResponseReturnValue:
    """200 while pages can be served, which needs the database; the rest is told but does not fail it."""
    database = _try("database", _ask_database)
    broker = _try("broker", _ask_broker)
    storage = _try("storage", _ask_storage)
    parts = {"database": database, "broker": broker, "storage": storage}
    worst = "ok" if all(state == "ok" for state in parts.values()) else "degraded"
    if database != "ok":
        return jsonify(status="unavailable", **parts), 503
    return jsonify(status=worst, **parts)


@pages.get("/internal/blobs/<token>")
@access.allow_anyone  # the signed, short-lived token is the right to read
def blob(token: str) -> Response:
    with backend().reading() as session:
        data = submissions.open_blob(session, backend().blobs, backend().signer, token)
    if data is None:
        raise NotFound("This address of a notebook is not valid, or not any more.")
    return Response(data, mimetype="application/octet-stream")


@pages.put("/internal/blobs/<token>")
@access.allow_anyone  # the same token: a worker sends the executed notebook back
def keep_blob(token: str) -> ResponseReturnValue:
    data = request.stream.read(MAX_EXECUTED_BYTES + 1)
    if not data or len(data) > MAX_EXECUTED_BYTES:
        raise RequestEntityTooLarge
    with backend().reading() as session:
        if not submissions.may_send_executed(session, backend().signer, token):
            raise NotFound("This address of a notebook is not valid, or not any more.")
    digest = backend().blobs.put(data)  # before the row that names it, and in no transaction
    with backend().writing() as session:
        add_blob(session, digest, len(data))
    return jsonify(digest=digest)


def _try(name: str, ask: Callable[[], Any]) -> str:
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, the answer is that it is down
        log.warning("health: %s does not answer: %s", name, error)
        return "down"
    return "ok"


def _ask_database() -> None:
    with backend().reading() as session:
        session.execute(text("SELECT 1"))


def _ask_broker() -> None:
    if backend().broker.depth(Queue.CPU) is None:
        raise ConnectionError("the broker does not answer")


def _ask_storage() -> None:
    backend().blobs.put(PROBE)  # written once; from then on it is only looked for
