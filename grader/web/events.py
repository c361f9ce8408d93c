"""Server-sent events of one submission. Every event is the complete state, so a reader who reconnects, reloads
or comes late sees the same as one who watched."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

from flask import Response, render_template, stream_with_context

from grader.submissions import queries as submissions
from grader.web.backend import backend
from grader.web.pages.submission_page import document_title, live_state

STREAM_S = 240.0  # then the browser reconnects, and is asked again who it is
LOOK_S = 1.0  # how often the database is asked when no progress comes
LEAST_BETWEEN_S = 0.2  # a notebook of a hundred quick cells does not make a hundred pages
COMMENT_S = 10.0  # proxies close what is silent
RETRY_MS = 2_000
# Each open stream holds a thread of the server. Beyond this many, a stream says its state once and closes, and
# the browser asks again after RETRY_MS: slower, but pages and uploads always find a thread.
MOST_STREAMS = 24

_ending = threading.Event()
_slots = threading.BoundedSemaphore(MOST_STREAMS)


def end_streams() -> None:
    """The server is to stop: open streams end within about a second, instead of holding it up."""
    _ending.set()


def event_stream(submission_id: str, *, staff: bool) -> Response:
    """The response that tells one submission's state until it is final."""
    body = stream_with_context(_events(submission_id, staff=staff))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, mimetype="text/event-stream", headers=headers)


def _events(submission_id: str, *, staff: bool) -> Iterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    if not _slots.acquire(blocking=False):
        text, _ = _state(submission_id, staff=staff)
        yield text
        return
    try:
        yield from _follow(submission_id, staff=staff)
    finally:
        _slots.release()


def _follow(submission_id: str, *, staff: bool) -> Iterator[str]:
    end = time.monotonic() + STREAM_S
    last, sent_at, looked_at = "", 0.0, 0.0
    for news in _ticks(submission_id):
        now = time.monotonic()
        if news and now - looked_at < LEAST_BETWEEN_S:
            continue
        looked_at = now
        text, final = _state(submission_id, staff=staff)
        if text != last:
            last, sent_at = text, now
            yield text
        elif now - sent_at >= COMMENT_S:
            sent_at = now
            yield ": still here\n\n"
        if final or now >= end or _ending.is_set():
            return


def _ticks(submission_id: str) -> Iterator[bool]:
    """True when progress arrived, False when it is time to look into the database. Never ends by itself.

    Following ends when the worker is done (the result is being recorded) or when Redis is away; from then on the
    database alone is asked, and following is tried again now and then.
    """
    yield False
    while True:
        for progress in backend().progress.follow(submission_id, keepalive_s=LOOK_S, give_up_s=STREAM_S):
            yield progress is not None
        for _ in range(5):
            time.sleep(LOOK_S / 2)
            yield False


def _state(submission_id: str, *, staff: bool) -> tuple[str, bool]:
    """The event that tells the state now, and whether it is the last one."""
    with backend().reading() as session:
        submission = submissions.get(session, submission_id)
        if submission is None:
            return _event("gone", {}), True
        state = live_state(session, submission, staff=staff)
    html = render_template("submission/state.html", state=state, staff=staff)
    title = document_title(submission, state)
    return _event("state", {"final": state.final, "spoken": state.spoken, "title": title, "html": html}), state.final


def _event(kind: str, data: dict[str, object]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
