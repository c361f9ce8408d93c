"""What a worker is asked to do. Standard library only: the grader writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from worker.contract import fields
from worker.contract.message import MESSAGE_VERSION, Message

TASK_GRADE = "worker.grade"  # sent to the queue `cpu` or `gpu`, with one JobMessage


class Queue(StrEnum):
    CPU = "cpu"
    GPU = "gpu"


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Units are in the names."""

    wall_s: float = 120.0
    cell_s: float = 30.0
    call_s: float = 10.0
    memory_mib: int = 2048
    scratch_mib: int = 256
    output_mib: int = 8
    processes: int = 64


@dataclass(frozen=True)
class JobMessage(Message):
    """One run of one submission, to be done by whichever worker takes it."""

    run_id: str
    submission_id: str
    lease: str  # opaque; a result is recorded only under the lease that the run has at that time
    assignment: str
    assignment_version: str
    digest: str  # sha256 of the notebook file, hex
    blob_url: str  # signed, short-lived
    limits: Limits
    queue: Queue = Queue.CPU
    answers: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1
    version: int = MESSAGE_VERSION

    @classmethod
    def from_json(cls, data: object) -> JobMessage:
        raw = fields.mapping(data, "job")
        return cls(
            run_id=fields.text(raw, "run_id"),
            submission_id=fields.text(raw, "submission_id"),
            lease=fields.text(raw, "lease"),
            assignment=fields.text(raw, "assignment"),
            assignment_version=fields.text(raw, "assignment_version"),
            digest=fields.text(raw, "digest"),
            blob_url=fields.text(raw, "blob_url"),
            limits=_limits(raw.get("limits")),
            queue=fields.enum(Queue, raw, "queue"),
            answers={str(k): str(v) for k, v in fields.mapping(raw.get("answers", {}), "answers").items()},
            attempt=int(fields.number(raw, "attempt", low=1, high=1_000)),
            version=int(fields.number(raw, "version", low=1, high=MESSAGE_VERSION)),
        )


def _limits(data: object) -> Limits:
    """Those that are left out have their defaults; unknown ones are passed over: a newer grader may limit more."""
    raw = fields.mapping(data, "limits")
    defaults = dataclasses.asdict(Limits())
    values = {k: type(v)(fields.number(raw, k, low=0.001, high=1e6)) for k, v in defaults.items() if k in raw}
    return Limits(**values)
