"""An incoming webhook: from the request to `grader.lms.incoming`."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from grader.lms.incoming.fetching import fetch_notebook
from grader.lms.incoming.receiving import MOST_BODY_BYTES, Arrival, Reception
from grader.submissions import service as submissions
from grader.submissions.intake import Upload
from grader.web import errors
from grader.web.backend import backend

ADDRESS = "/api/v1/hooks"


def address_of(sender_id: str) -> str:
    """Where a sender's messages go."""
    return f"{backend().settings.public_url}{ADDRESS}/{sender_id}"


def take_arrival(sender_id: str) -> dict[str, Any]:
    """The answer to the message in this request. Raises DomainError."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = _body()
    size = len(body) if body is not None else request.content_length or MOST_BODY_BYTES + 1
    return _reception().take(Arrival(sender_id, headers, body, size))


def _body() -> bytes | None:
    """None where there is too much of it."""
    request.max_content_length = MOST_BODY_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        errors.drain()
        return None


def _reception() -> Reception:
    parts = backend()
    most = parts.settings.max_upload_bytes

    def keep(data: bytes, filename: str) -> Upload:
        return submissions.receive(parts.blobs, data=data, filename=filename, max_bytes=most)

    return Reception(
        reading=parts.reading,
        writing=parts.writing,
        sealer=parts.webhooks.sealer,
        keep=keep,
        fetch=lambda url: fetch_notebook(parts.webhooks.sender.rules, url, most),
        status_of=errors.status_of,
    )
