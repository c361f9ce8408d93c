"""Whether the service and what it stands on answer; and the notebooks that workers fetch."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from grader.submissions import service as submissions
from grader.submissions.queries import add_blob
from grader.web import access, readiness
from grader.web.backend import backend
from worker.contract import MAX_EXECUTED_BYTES

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@access.allow_anyone
def healthz() -> ResponseReturnValue:
    """200 for as long as this process answers at all; it asks nothing of others, so nobody restarts it for them."""
    return jsonify(status="ok")


@pages.get("/readyz")
@access.allow_anyone
def readyz() -> ResponseReturnValue:
    """200 when everything that this process stands on answers; else 503. Each part is told by one word."""
    parts = readiness.parts(backend())
    ready = all(state == readiness.OK for state in parts.values())
    return jsonify(status="ready" if ready else "not ready", parts=parts), 200 if ready else 503


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
