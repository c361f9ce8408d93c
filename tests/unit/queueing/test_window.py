from __future__ import annotations

import pytest

from grader.queueing.window import room_for


@pytest.mark.parametrize(
    ("sent", "running", "room"),
    [
        (0, 0, 4),  # nothing is known of the workers yet
        (3, 0, 1),
        (4, 2, 0),
        (0, 100, 50),
        (40, 100, 10),
        (45, 100, 0),  # a step of a large window is worth its price
        (60, 100, 0),  # it was larger a moment ago
    ],
)
def test_the_broker_gets_what_workers_can_soon_take(sent: int, running: int, room: int) -> None:
    assert room_for(sent, running, 4) == room


def test_a_queue_with_nothing_at_the_broker_always_has_room() -> None:
    assert all(room_for(0, running, least) > 0 for running in range(200) for least in (1, 4, 50))
