"""The live events of a submission, here without any Redis."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from grader.web import events
from tests.unit.web.conftest import Browser
from tests.unit.web.world import World, finish, start, submit


def states(chunks: Iterator[bytes | str]) -> Iterator[dict[str, Any]]:
    for chunk in chunks:
        text = chunk.decode() if isinstance(chunk, bytes) else chunk
        for line in text.splitlines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_a_finished_submission_is_told_once_and_the_stream_ends(world: World, sam: Browser) -> None:
    submission = submit(world)
    finish(world, submission.id)
    answer = sam.client.get(f"/submissions/{submission.id}/events")
    assert answer.mimetype == "text/event-stream"
    assert "retry: " in answer.text
    [state] = states(iter([answer.text]))
    assert state["final"]
    assert state["spoken"] == "Graded: 50 of 100 points. The checks are listed below."
    page = sam.client.get(f"/submissions/{submission.id}").text
    assert squeezed(state["html"]) in squeezed(page)


def test_without_redis_the_database_tells_what_happens(world: World, sam: Browser) -> None:
    submission = submit(world)
    answer = sam.client.get(f"/submissions/{submission.id}/events")
    told = states(answer.iter_encoded())
    first = next(told)
    assert not first["final"]
    assert "Waiting: yours is next" in first["html"]
    assert "No estimate yet: no run of this assignment has been measured." in first["html"]
    start(world, submission.id)
    assert "Your notebook is being graded" in next(told)["html"]
    finish(world, submission.id)
    last = next(told)
    assert last["final"]
    assert "Partly right" in last["html"]
    assert "staff only" not in last["html"]
    assert next(told, None) is None
    answer.close()


def test_beyond_the_most_streams_each_is_told_once_and_asked_to_come_back(
    world: World, sam: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = threading.BoundedSemaphore(1)
    slots.acquire()
    monkeypatch.setattr(events, "_slots", slots)
    submission = submit(world)
    answer = sam.client.get(f"/submissions/{submission.id}/events")
    [state] = states(iter([answer.text]))
    assert not state["final"]


def test_a_reader_who_leaves_gives_the_slot_back(world: World, sam: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    slots = threading.BoundedSemaphore(1)
    monkeypatch.setattr(events, "_slots", slots)
    submission = submit(world)
    answer = sam.client.get(f"/submissions/{submission.id}/events")
    next(states(answer.iter_encoded()))
    assert not slots.acquire(blocking=False)
    answer.close()
    assert slots.acquire(blocking=False)


def squeezed(html: str) -> str:
    return " ".join(html.split())
