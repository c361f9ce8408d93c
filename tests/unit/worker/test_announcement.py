"""What workers tell of themselves, and what of a result tells how it went: read as if anybody had written it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.contract import Failure, GradeStatus, ResultMessage, Seconds, Stage
from worker.contract.announcement import DeviceHealth, DeviceState, WorkerMessage
from worker.contract.fields import MessageError

DEVICE = DeviceState("GPU-1", "H200", DeviceHealth.SICK, 141_000, "it fell off the bus")
MESSAGE = WorkerMessage("cpu-7@host", "host:7", 1, ("cpu", "gpu"), ("cpu",), 2, ("run-1",), 1.8e9, (DEVICE,))
RESULT = ResultMessage(
    "run-1", "lease", GradeStatus.FAILED, 0, 1, (), Seconds(3, 2, 1), stages={Stage.START: 0.5}, failure=Failure.GPU
)


def sent(message: WorkerMessage | ResultMessage, **changes: Any) -> dict[str, Any]:
    """As it comes out of the broker."""
    return {**json.loads(json.dumps(message.to_json())), **changes}


def test_what_a_worker_tells_arrives_as_it_was() -> None:
    assert WorkerMessage.from_json(sent(MESSAGE)) == MESSAGE


@pytest.mark.parametrize(
    "changes",
    [
        {"node": ""},
        {"slots": -1},
        {"slots": 10**9},
        {"queues": "cpu"},
        {"queues": [1]},
        {"runs": ["r"] * 2000},
        {"started_at": float("nan")},
        {"devices": [{"uuid": "x"}]},
        {"devices": [{**sent(MESSAGE)["devices"][0], "health": "splendid"}]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_the_field(changes: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        WorkerMessage.from_json(sent(MESSAGE, **changes))


def test_stages_and_kind_of_failure_arrive_and_older_workers_send_none() -> None:
    assert ResultMessage.from_json(sent(RESULT)) == RESULT
    older = {key: value for key, value in sent(RESULT).items() if key not in {"stages", "failure"}}
    read = ResultMessage.from_json(older)
    assert (dict(read.stages), read.failure) == ({}, None)


def test_what_a_newer_worker_measures_is_passed_over() -> None:
    read = ResultMessage.from_json(sent(RESULT, stages={"start": 1.0, "tidy": 2.0}, failure="gremlins"))
    assert (dict(read.stages), read.failure) == ({Stage.START: 1.0}, Failure.OTHER)


@pytest.mark.parametrize("stages", [[], {"start": "long"}, {"start": -1.0}, {"start": float("inf")}], ids=str)
def test_stages_that_are_no_times_are_refused(stages: object) -> None:
    with pytest.raises(MessageError):
        ResultMessage.from_json(sent(RESULT, stages=stages))
