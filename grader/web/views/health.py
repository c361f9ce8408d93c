"""Whether the service and what it stands on answer; and the notebooks that workers fetch."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from grader.api.v1.schemas import HealthOut, ReadyOut
from grader.submissions import intake
from grader.submissions import service as submissions
from grader.submissions.queries import add_blob
from grader.web import access, readiness
from grader.web.backend import backend
from grader.web.readiness import Readiness
from worker.contract import MAX_EXECUTED_BYTES

pages = APIBlueprint("health", __name__)
_TAGS = ["Health"]
_NOT_READY: dict[Any, Any] = {
    503: {
        "description": "Database, tables or storage are away: nothing can be handed in here.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReadyOut"}}},
    }
}


@pages.get("/healthz")
@access.allow_anyone
@pages.output(HealthOut)
@pages.doc(summary="Whether this process answers", tags=_TAGS)
def healthz() -> HealthOut:
    """200 for as long as this process answers at all; it asks nothing of others, so nobody restarts it for them."""
    return HealthOut(status="ok")


@pages.get("/readyz")
@access.allow_anyone
@pages.output(ReadyOut)
@pages.doc(summary="Whether work can be handed in here", tags=_TAGS, responses=_NOT_READY)
def readyz() -> tuple[ReadyOut, int]:
    """200 when work can be handed in and kept here, "degraded" while the broker is down: what is handed in then is
    graded later. 503 when it cannot be kept. Each part is told by one word."""
    parts = readiness.parts(backend())
    state = readiness.state_of(parts)
    return ReadyOut(status=state, parts=parts), 503 if state is Readiness.NOT_READY else 200


@pages.get("/internal/blobs/<token>")
@pages.doc(hide=True)
@access.allow_anyone  # the signed, short-lived token is the right to read
def blob(token: str) -> Response:
    with backend().reading() as session:
        data = submissions.open_blob(session, backend().blobs, backend().signer, token)
    if data is None:
        raise NotFound("This address of a notebook is not valid, or not any more.")
    return Response(data, mimetype="application/octet-stream")


@pages.put("/internal/blobs/<token>")
@pages.doc(hide=True)
@access.allow_anyone  # the same token: a worker sends the executed notebook back
def keep_blob(token: str) -> ResponseReturnValue:
    data = request.stream.read(MAX_EXECUTED_BYTES + 1)
    if not data or len(data) > MAX_EXECUTED_BYTES:
        raise RequestEntityTooLarge
    with backend().reading() as session:
        if not submissions.may_send_executed(session, backend().signer, token):
            raise NotFound("This address of a notebook is not valid, or not any more.")
    digest = intake.keep(backend().blobs, data)  # before the row that names it, and in no transaction
    with backend().writing() as session:
        add_blob(session, digest, len(data))
    return jsonify(digest=digest)
