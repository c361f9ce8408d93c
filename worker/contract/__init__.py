"""The messages between the grader and its workers, and the names that both sides use.

Standard library only: the grader imports this package and nothing else of `worker`. Every message is a
frozen dataclass with `to_json` / `from_json`; `from_json` treats what it gets as hostile, because a result
message travels through a broker that many machines can write to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from worker.contract.fields import MAX_TEXT, MessageError
from worker.contract.fields import enum as _enum
from worker.contract.fields import listed as _list
from worker.contract.fields import mapping as _mapping
from worker.contract.fields import number as _number
from worker.contract.fields import text as _text

__all__ = ["MAX_TEXT", "MessageError"]

MESSAGE_VERSION = 1

RESULTS_QUEUE = "results"
TASK_GRADE = "worker.grade"  # sent to the queue `cpu` or `gpu`, with one JobMessage
TASK_STARTED = "grader.run_started"  # sent to RESULTS_QUEUE, with one StartedMessage
TASK_HEARTBEAT = "grader.run_heartbeat"  # the same, every HEARTBEAT_S
TASK_HANDED_BACK = "grader.run_handed_back"  # sent to RESULTS_QUEUE, with one HandedBackMessage
TASK_RESULT = "grader.run_result"  # sent to RESULTS_QUEUE, with one ResultMessage

HEARTBEAT_S = 5.0
LEASE_S = 30.0  # a run whose worker was silent for so long is given to another worker

MAX_CHECKS = 200
MAX_PROCESS = 64
MAX_EXECUTED_BYTES = 24 * 1024 * 1024  # of a notebook with its outputs, as a worker sends it back


class Queue(StrEnum):
    CPU = "cpu"
    GPU = "gpu"


class Verdict(StrEnum):
    """What became of one check. `unavailable` is our own fault and never the student's."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    MISSING = "missing"
    ERROR = "error"
    TIMEOUT = "timeout"
    MANUAL = "manual"
    UNAVAILABLE = "unavailable"


class GradeStatus(StrEnum):
    GRADED = "graded"
    REJECTED = "rejected"  # the file is no notebook that can be graded; the reason is the student's to mend
    FAILED = "failed"  # grading itself failed: ours, retried, never a score


class HandBack(StrEnum):
    """Why a worker gives up a run that it has begun."""

    STOPPING = "stopping"  # the worker is told to stop; another can do it
    DIED = "died"  # the run's process died, its worker lives


class Stage(StrEnum):
    """The parts of a run that its worker measures."""

    START = "start"  # from the job's arrival until the kernel takes the first cell
    EXECUTE = "execute"  # the cells, and the checks between them
    CHECK = "check"  # the checks after the last cell


class Failure(StrEnum):
    """Where a fault of ours lies, for those who mend it; `text` for staff says the rest."""

    NOTEBOOK = "notebook"  # the file could not be fetched
    ASSIGNMENT = "assignment"  # not here in this version, or not to be loaded
    SANDBOX = "sandbox"
    GPU = "gpu"
    KERNEL = "kernel"
    CHECKER = "checker"
    OTHER = "other"


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
class JobMessage:
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

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> JobMessage:
        raw = _mapping(data, "job")
        return cls(
            run_id=_text(raw, "run_id"),
            submission_id=_text(raw, "submission_id"),
            lease=_text(raw, "lease"),
            assignment=_text(raw, "assignment"),
            assignment_version=_text(raw, "assignment_version"),
            digest=_text(raw, "digest"),
            blob_url=_text(raw, "blob_url"),
            limits=_limits(raw.get("limits")),
            queue=_enum(Queue, raw, "queue"),
            answers={str(k): str(v) for k, v in _mapping(raw.get("answers", {}), "answers").items()},
            attempt=int(_number(raw, "attempt", low=1, high=1_000)),
            version=int(_number(raw, "version", low=1, high=MESSAGE_VERSION)),
        )


@dataclass(frozen=True)
class StartedMessage:
    """A worker has taken a run, or is still at it (heartbeat)."""

    run_id: str
    lease: str
    worker: str
    process: str = ""  # random, of this start of the worker: tells it from the one before of the same name

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> StartedMessage:
        raw = _mapping(data, "started")
        return cls(
            run_id=_text(raw, "run_id"),
            lease=_text(raw, "lease"),
            worker=_text(raw, "worker"),
            process=_text(raw, "process", empty=True)[:MAX_PROCESS],
        )


@dataclass(frozen=True)
class HandedBackMessage:
    """A worker gives a run up before its end. Lost without harm: the run's lease runs out then."""

    run_id: str
    lease: str
    worker: str
    process: str
    why: HandBack
    text: str = ""  # for staff: how it died

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> HandedBackMessage:
        raw = _mapping(data, "handed back")
        return cls(
            run_id=_text(raw, "run_id"),
            lease=_text(raw, "lease"),
            worker=_text(raw, "worker"),
            process=_text(raw, "process", empty=True)[:MAX_PROCESS],
            why=_enum(HandBack, raw, "why"),
            text=_text(raw, "text", empty=True),
        )


@dataclass(frozen=True)
class CheckResult:
    key: str
    title: str
    points: float
    max_points: float
    verdict: Verdict
    message: str
    diagnosis: str | None = None
    staff_message: str = ""  # never shown to students
    measure: float | None = None  # what a leaderboard ranks by, of withheld examples; not shown as it is

    def public(self) -> dict[str, Any]:
        """The form that students and scripts see (`grader grade --json`, the API)."""
        data = dataclasses.asdict(self)
        del data["staff_message"], data["measure"]
        return data


@dataclass(frozen=True)
class CellSummary:
    """How one code cell ended: `ok`, `error`, `timeout`, `died` or `skipped` (the kernel was gone)."""

    index: int  # position among all cells of the notebook, from 0
    status: str
    seconds: float
    error: str = ""  # "ZeroDivisionError: division by zero"


@dataclass(frozen=True)
class Seconds:
    total: float
    execute: float  # the student's own computing: cells and calls of the student's functions
    overhead: float  # total - execute


@dataclass(frozen=True)
class ResultMessage:
    run_id: str
    lease: str
    status: GradeStatus
    score: float
    max_score: float
    checks: tuple[CheckResult, ...]
    seconds: Seconds
    cells: tuple[CellSummary, ...] = ()
    notices: tuple[str, ...] = ()  # for the student: what helped, what stopped early
    reason: str = ""  # for the student, when rejected or failed
    staff_text: str = ""  # for staff: what failed and where
    worker: str = ""
    peak_memory_mib: float = 0.0
    executed: str = ""  # sha256 of the executed notebook, which was sent to the job's blob_url; "" where there is none
    stages: Mapping[Stage, float] = field(default_factory=dict)  # seconds of those that were reached
    failure: Failure | None = None  # when failed
    version: int = MESSAGE_VERSION

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> ResultMessage:
        raw = _mapping(data, "result")
        seconds = _mapping(raw.get("seconds"), "seconds")
        return cls(
            run_id=_text(raw, "run_id"),
            lease=_text(raw, "lease"),
            status=_enum(GradeStatus, raw, "status"),
            score=_number(raw, "score", low=0, high=1e6),
            max_score=_number(raw, "max_score", low=0, high=1e6),
            checks=tuple(_check(c) for c in _list(raw, "checks", MAX_CHECKS)),
            seconds=Seconds(*(_number(seconds, k, low=0, high=1e7) for k in ("total", "execute", "overhead"))),
            cells=tuple(_cell(c) for c in _list(raw, "cells", 20_000)),
            notices=tuple(str(n)[:MAX_TEXT] for n in _list(raw, "notices", 100)),
            reason=_text(raw, "reason", empty=True),
            staff_text=_text(raw, "staff_text", empty=True),
            worker=_text(raw, "worker", empty=True),
            peak_memory_mib=_number(raw, "peak_memory_mib", low=0, high=1e9),
            executed=_digest(raw, "executed"),
            stages=_stages(raw.get("stages", {})),
            failure=_failure(raw.get("failure")),
            version=int(_number(raw, "version", low=1, high=MESSAGE_VERSION)),
        )


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for the live page. Sent over Redis, lost without harm."""

    run_id: str
    submission_id: str
    stage: str  # "queued" | "preparing" | "executing" | "checking" | "done"
    cell: int = 0  # code cells begun
    cells: int = 0  # code cells in all
    at: float = 0.0  # unix seconds
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Progress:
        raw = _mapping(data, "progress")
        return cls(
            run_id=_text(raw, "run_id"),
            submission_id=_text(raw, "submission_id"),
            stage=_text(raw, "stage"),
            cell=int(_number(raw, "cell", low=0, high=1e6)),
            cells=int(_number(raw, "cells", low=0, high=1e6)),
            at=_number(raw, "at", low=0, high=1e12),
            detail=_text(raw, "detail", empty=True),
        )


def progress_channel(submission_id: str) -> str:
    """Redis publish/subscribe channel; the key of the same name holds the latest Progress as JSON for 1 h."""
    return f"progress:{submission_id}"


def _digest(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str) or (value and not (len(value) == 64 and set(value) <= set("0123456789abcdef"))):
        raise MessageError(f"{name}: expected a sha256 in hex or nothing, got {value!r:.80}")
    return value


def _limits(data: object) -> Limits:
    """Those that are left out have their defaults; unknown ones are passed over: a newer grader may limit more."""
    raw = _mapping(data, "limits")
    defaults = dataclasses.asdict(Limits())
    values = {k: type(v)(_number(raw, k, low=0.001, high=1e6)) for k, v in defaults.items() if k in raw}
    return Limits(**values)


def _stages(data: object) -> dict[Stage, float]:
    """Unknown ones are passed over: a newer worker may measure more."""
    raw = _mapping(data, "stages")
    return {stage: _number(raw, stage.value, low=0, high=1e7) for stage in Stage if stage.value in raw}


def _failure(value: object) -> Failure | None:
    if value is None:
        return None
    return next((known for known in Failure if known.value == value), Failure.OTHER)  # a newer worker may name more


def _check(data: object) -> CheckResult:
    raw = _mapping(data, "check")
    diagnosis = raw.get("diagnosis")
    most = _number(raw, "max_points", low=0, high=1e6)
    return CheckResult(
        key=_text(raw, "key"),
        title=_text(raw, "title", empty=True),
        points=_number(raw, "points", low=0, high=most),
        max_points=most,
        verdict=_enum(Verdict, raw, "verdict"),
        message=_text(raw, "message", empty=True),
        diagnosis=None if diagnosis is None else str(diagnosis)[:200],
        staff_message=_text(raw, "staff_message", empty=True),
        measure=None if raw.get("measure") is None else _number(raw, "measure", low=-1e9, high=1e9),
    )


def _cell(data: object) -> CellSummary:
    raw = _mapping(data, "cell")
    return CellSummary(
        index=int(_number(raw, "index", low=0, high=1e6)),
        status=_text(raw, "status"),
        seconds=_number(raw, "seconds", low=0, high=1e7),
        error=_text(raw, "error", empty=True),
    )
