"""What a worker tells of itself every few seconds. Standard library only: the grader reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from worker.contract import fields
from worker.contract.fields import MessageError
from worker.contract.message import Message

TASK_WORKER = "grader.worker_seen"  # sent to RESULTS_QUEUE, with one WorkerMessage
ANNOUNCE_S = 10.0
SILENT_S = 60.0  # a worker of which nothing was heard for so long is taken to be gone
EXPIRES_S = 60.0  # nobody wants to know later where a worker was then

MAX_NAME = 200
MAX_SLOTS = 1024
MAX_DEVICES = 64


class DeviceHealth(StrEnum):
    READY = "ready"
    BUSY = "busy"
    SICK = "sick"  # out of service until somebody mends it


@dataclass(frozen=True)
class DeviceState:
    uuid: str
    name: str
    health: DeviceHealth
    memory_mib: int
    problem: str = ""


@dataclass(frozen=True)
class WorkerMessage(Message):
    node: str  # Celery's name for the process, by which it is spoken to
    name: str  # as runs name it
    version: int  # of the messages that it understands
    queues: tuple[str, ...]  # that it was started for
    taking: tuple[str, ...]  # that it takes jobs from now
    slots: int
    runs: tuple[str, ...]  # ids of those that it is at
    started_at: float  # unix seconds
    devices: tuple[DeviceState, ...] = ()
    leaving: bool = False  # the last message: it stops

    @classmethod
    def from_json(cls, data: object) -> WorkerMessage:
        """Raises MessageError: any machine can write to the broker."""
        raw = fields.mapping(data, "worker")
        return cls(
            node=fields.text(raw, "node")[:MAX_NAME],
            name=fields.text(raw, "name")[:MAX_NAME],
            version=int(fields.number(raw, "version", low=1, high=1e6)),
            queues=_words(raw, "queues", 16),
            taking=_words(raw, "taking", 16),
            slots=int(fields.number(raw, "slots", low=0, high=MAX_SLOTS)),
            runs=_words(raw, "runs", MAX_SLOTS),
            started_at=fields.number(raw, "started_at", low=0, high=1e11),
            devices=tuple(_device(entry) for entry in fields.listed(raw, "devices", MAX_DEVICES)),
            leaving=raw.get("leaving") is True,
        )


def _words(raw: Any, name: str, most: int) -> tuple[str, ...]:
    words = fields.listed(raw, name, most)
    if not all(isinstance(word, str) for word in words):
        raise MessageError(f"{name}: expected texts")
    return tuple(word[:MAX_NAME] for word in words)


def _device(data: object) -> DeviceState:
    raw = fields.mapping(data, "device")
    return DeviceState(
        uuid=fields.text(raw, "uuid")[:MAX_NAME],
        name=fields.text(raw, "name")[:MAX_NAME],
        health=fields.enum(DeviceHealth, raw, "health"),
        memory_mib=int(fields.number(raw, "memory_mib", low=0, high=1e9)),
        problem=fields.text(raw, "problem", empty=True),
    )
