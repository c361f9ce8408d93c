"""A request that arrives twice is done once: programs send an `Idempotency-Key`, forms a hidden field `once`.

Two clicks on a button, a reload after a redirect that got lost and a program that tries again all get the first answer.
"""

from __future__ import annotations

import json
import secrets
import time
from hashlib import sha256

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import FileStorage

from grader.idempotency import service
from grader.idempotency.errors import KeyBusy
from grader.idempotency.service import Answered, Mine
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend
from grader.web.identity import Caller
from grader.web.problems import BadRequestField

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
FIELD = "once"
MOST_KEY = 200
KEPT_HEADERS = ("Content-Type", "Location")
# The second click of a double click waits for the first one's answer, because the browser shows only the second's.
PATIENCE_S = 10.0
_POLL_S = 0.2


def init_app(app: Flask) -> None:
    """After access and limits: what may not be done is never kept."""
    app.before_request(_begin)
    app.after_request(_end)
    app.jinja_env.globals["form_key"] = lambda: secrets.token_urlsafe(12)


def _begin() -> Response | None:
    caller = g.get("caller")
    if request.method != "POST" or not isinstance(caller, Caller):
        return None
    by_token = caller.scopes is not None
    key = _header_key() if by_token else request.form.get(FIELD, "")[:MOST_KEY]
    if not key:
        return None
    digest = _digest()
    # In a form that was changed and sent again from an old page, the same hidden field stands for something new.
    name = f"api:{key}" if by_token else f"page:{key[:100]}:{digest}"
    claimed = _claim(caller, name, digest, patience_s=0.0 if by_token else PATIENCE_S)
    if isinstance(claimed, Mine):
        g.claim = claimed
        return None
    return _again(claimed)


def _end(response: Response) -> Response:
    claimed: Mine | None = g.pop("claim", None)
    if claimed is None:
        return response
    for_token = access.caller().scopes is not None
    # A form that comes back with a complaint was not accepted: what is sent next is a new try.
    keep = response.status_code < 500 if for_token else 200 <= response.status_code < 400
    with backend().writing() as session:
        if keep and response.status_code != 429 and not response.is_streamed:
            service.settle(session, claimed.claim_id, status=response.status_code, answer=_packed(response))
        else:
            service.forget(session, claimed.claim_id)
    return response


def _claim(caller: Caller, key: str, digest: str, *, patience_s: float) -> Mine | Answered:
    until = time.monotonic() + patience_s
    while True:
        try:
            with backend().writing() as session:
                return service.claim(session, user_id=caller.user.id, key=key, request=digest, now=utc_now())
        except KeyBusy:
            if time.monotonic() >= until:
                raise
        time.sleep(_POLL_S)


def _header_key() -> str:
    key = request.headers.get(HEADER, "").strip()
    if len(key) > MOST_KEY or not key.isprintable():
        raise BadRequestField(f"The header {HEADER} holds a key of at most {MOST_KEY} printable characters.")
    return key


def _digest() -> str:
    """Of what is asked. A form is read part by part: what stands between its parts is drawn anew for each request."""
    digest = sha256()

    def add(*parts: str) -> None:
        digest.update(json.dumps(parts).encode())

    add(request.method, request.full_path)
    if request.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        digest.update(request.get_data())
        return digest.hexdigest()
    for name, value in sorted(request.form.items(multi=True)):
        if name not in (FIELD, current_app.config["WTF_CSRF_FIELD_NAME"]):
            add("field", name, value)
    for name, file in request.files.items(multi=True):
        add("file", name, file.filename or "", _file_digest(file))
    return digest.hexdigest()


def _file_digest(file: FileStorage) -> str:
    digest = sha256()
    while part := file.stream.read(1 << 20):
        digest.update(part)
    file.stream.seek(0)
    return digest.hexdigest()


def _packed(response: Response) -> str:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return backend().webhooks.sealer.seal(json.dumps([headers, response.get_data(as_text=True)]))


def _again(answered: Answered) -> Response:
    headers, body = json.loads(backend().webhooks.sealer.open(answered.answer))
    response = Response(body, answered.status)
    response.headers.update(headers)
    response.headers[REPLAYED] = "true"
    return response
