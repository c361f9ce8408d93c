"""What a worker tells of a run that it holds. Standard library only: the grader reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.contract import fields
from worker.contract.message import Message

TASK_STARTED = "grader.run_started"  # sent to RESULTS_QUEUE, with one StartedMessage
TASK_HEARTBEAT = "grader.run_heartbeat"  # the same, every HEARTBEAT_S
TASK_HANDED_BACK = "grader.run_handed_back"  # sent to RESULTS_QUEUE, with one HandedBackMessage

HEARTBEAT_S = 5.0
LEASE_S = 30.0  # a run whose worker was silent for so long is given to another worker

MAX_PROCESS = 64


class HandBack(StrEnum):
    """Why a worker gives up a run that it has begun."""

    STOPPING = "stopping"  # the worker is told to stop; another can do it
    DIED = "died"  # the run's process died, its worker lives


@dataclass(frozen=True)
class StartedMessage(Message):
    """A worker has taken a run, or is still at it (heartbeat)."""

    run_id: str
    lease: str
    worker: str
    process: str = ""  # random, of this start of the worker: tells it from the one before of the same name

    @classmethod
    def from_json(cls, data: object) -> StartedMessage:
        raw = fields.mapping(data, "started")
        return cls(
            run_id=fields.text(raw, "run_id"),
            lease=fields.text(raw, "lease"),
            worker=fields.text(raw, "worker"),
            process=fields.text(raw, "process", empty=True)[:MAX_PROCESS],
        )


@dataclass(frozen=True)
class HandedBackMessage(Message):
    """A worker gives a run up before its end. Lost without harm: the run's lease runs out then."""

    run_id: str
    lease: str
    worker: str
    process: str
    why: HandBack
    text: str = ""  # for staff: how it died

    @classmethod
    def from_json(cls, data: object) -> HandedBackMessage:
        raw = fields.mapping(data, "handed back")
        return cls(
            run_id=fields.text(raw, "run_id"),
            lease=fields.text(raw, "lease"),
            worker=fields.text(raw, "worker"),
            process=fields.text(raw, "process", empty=True)[:MAX_PROCESS],
            why=fields.enum(HandBack, raw, "why"),
            text=fields.text(raw, "text", empty=True),
        )
