"""Incoming messages where it takes a network or two at once: notebooks by their address, the same message twice."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from grader.db.models import IncomingMessage, Submission
from grader.errors import DomainError
from grader.lms.http.addresses import Rules
from grader.lms.incoming import senders
from grader.lms.incoming.errors import NotebookUnreachable
from grader.lms.incoming.fetching import fetch_notebook
from grader.lms.incoming.receiving import Arrival, Reception
from grader.lms.webhooks import secrets
from grader.lms.webhooks.secrets import Sealer
from grader.submissions import service as submissions
from grader.time import utc_now
from tests.support.receivers import Request, receiving, status
from tests.support.rows import rows_in
from tests.support.world import TEST, World, notebook

SEALER = Sealer("a-key-of-tests")
LOCAL = Rules.of("127.0.0.0/8")
MOST = 100_000


def reception(world: World) -> Reception:
    def keep(data: bytes, filename: str) -> submissions.Upload:
        return submissions.receive(world.backend.blobs, data=data, filename=filename, max_bytes=MOST)

    backend = world.backend
    return Reception(
        backend.reading, backend.writing, SEALER, keep, lambda url: fetch_notebook(LOCAL, url, MOST), lambda error: 422
    )


def add(world: World) -> senders.Added:
    with world.backend.writing() as session:
        return senders.add(
            session, course_id=world.course.id, name="Records", sealer=SEALER, by=TEST, now=utc_now()
        )  # fmt: skip


def arrival(made: senders.Added, url: str, message_id: str = "msg_1") -> Arrival:
    data = {"assignment": "loss-1-regression", "student": "ada@example.org", "notebook_url": url}
    body = json.dumps({"type": "submission.handed_in", "data": data})
    headers = secrets.headers(message_id, utc_now(), body, [made.secret])
    return Arrival(made.sender.id, headers, body.encode(), len(body))


def serve(data: bytes) -> Any:
    def behave(request: Request) -> None:
        request.say(200, data.decode())

    return behave


def test_a_notebook_is_fetched_from_its_address(world: World) -> None:
    with receiving() as server:
        server.behave = serve(notebook("y = 2"))
        answer = reception(world).take(arrival(add(world), server.url))
    found = world.submission(answer["result"]["submission_id"])
    assert world.backend.blobs.get(found.digest) == notebook("y = 2")


def test_an_address_that_misbehaves_is_refused_and_nothing_is_kept(world: World) -> None:
    made = add(world)
    tries: list[tuple[Any, str]] = [
        (status(404), "status 404"),
        (status(302, Location="http://127.0.0.1:9/"), "redirects are not followed"),
        (serve(b"x" * (MOST + 1)), "has more than"),
        (serve(b"no notebook"), "not a notebook|JSON"),
    ]
    with receiving() as server:
        for behave, why in tries:
            server.behave = behave
            with pytest.raises(DomainError, match=why):
                reception(world).take(arrival(made, server.url))
        assert len(server.got) == len(tries), "a redirect is not followed"
    assert rows_in(world.backend, Submission) == 0
    assert rows_in(world.backend, IncomingMessage) == len(tries)


def test_what_comes_twice_at_the_same_moment_acts_once(world: World) -> None:
    made, both = add(world), threading.Barrier(2, timeout=60)
    with receiving() as server:
        server.behave = serve(notebook("z = 3"))

        def fetch_together(url: str) -> bytes:
            data = fetch_notebook(LOCAL, url, MOST)
            both.wait()  # neither has written anything yet
            return data

        part = reception(world)
        together = Reception(part.reading, part.writing, SEALER, part.keep, fetch_together, part.status_of)
        answers: list[dict[str, Any]] = []
        threads = [
            threading.Thread(target=lambda: answers.append(together.take(arrival(made, server.url)))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert (rows_in(world.backend, Submission), rows_in(world.backend, IncomingMessage)) == (1, 1)


def test_an_address_inside_our_own_network_is_never_reached() -> None:
    with receiving() as server:
        with pytest.raises(NotebookUnreachable, match="not a public address"):
            fetch_notebook(Rules(), server.url, MOST)
        assert server.got == []
