"""What became of a run. Standard library only: the grader reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from worker.contract import fields
from worker.contract.fields import MAX_TEXT, MessageError
from worker.contract.message import MESSAGE_VERSION, Message

TASK_RESULT = "grader.run_result"  # sent to RESULTS_QUEUE, with one ResultMessage

MAX_CHECKS = 200
MAX_EXECUTED_BYTES = 24 * 1024 * 1024  # of a notebook with its outputs, as a worker sends it back


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
class ResultMessage(Message):
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

    @classmethod
    def from_json(cls, data: object) -> ResultMessage:
        raw = fields.mapping(data, "result")
        seconds = fields.mapping(raw.get("seconds"), "seconds")
        return cls(
            run_id=fields.text(raw, "run_id"),
            lease=fields.text(raw, "lease"),
            status=fields.enum(GradeStatus, raw, "status"),
            score=fields.number(raw, "score", low=0, high=1e6),
            max_score=fields.number(raw, "max_score", low=0, high=1e6),
            checks=tuple(_check(c) for c in fields.listed(raw, "checks", MAX_CHECKS)),
            seconds=Seconds(*(fields.number(seconds, k, low=0, high=1e7) for k in ("total", "execute", "overhead"))),
            cells=tuple(_cell(c) for c in fields.listed(raw, "cells", 20_000)),
            notices=tuple(str(n)[:MAX_TEXT] for n in fields.listed(raw, "notices", 100)),
            reason=fields.text(raw, "reason", empty=True),
            staff_text=fields.text(raw, "staff_text", empty=True),
            worker=fields.text(raw, "worker", empty=True),
            peak_memory_mib=fields.number(raw, "peak_memory_mib", low=0, high=1e9),
            executed=_digest(raw, "executed"),
            stages=_stages(raw.get("stages", {})),
            failure=_failure(raw.get("failure")),
            version=int(fields.number(raw, "version", low=1, high=MESSAGE_VERSION)),
        )


def _digest(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str) or (value and not (len(value) == 64 and set(value) <= set("0123456789abcdef"))):
        raise MessageError(f"{name}: expected a sha256 in hex or nothing, got {value!r:.80}")
    return value


def _stages(data: object) -> dict[Stage, float]:
    """Unknown ones are passed over: a newer worker may measure more."""
    raw = fields.mapping(data, "stages")
    return {stage: fields.number(raw, stage.value, low=0, high=1e7) for stage in Stage if stage.value in raw}


def _failure(value: object) -> Failure | None:
    if value is None:
        return None
    return next((known for known in Failure if known.value == value), Failure.OTHER)  # a newer worker may name more


def _check(data: object) -> CheckResult:
    raw = fields.mapping(data, "check")
    diagnosis = raw.get("diagnosis")
    most = fields.number(raw, "max_points", low=0, high=1e6)
    return CheckResult(
        key=fields.text(raw, "key"),
        title=fields.text(raw, "title", empty=True),
        points=fields.number(raw, "points", low=0, high=most),
        max_points=most,
        verdict=fields.enum(Verdict, raw, "verdict"),
        message=fields.text(raw, "message", empty=True),
        diagnosis=None if diagnosis is None else str(diagnosis)[:200],
        staff_message=fields.text(raw, "staff_message", empty=True),
        measure=None if raw.get("measure") is None else fields.number(raw, "measure", low=-1e9, high=1e9),
    )


def _cell(data: object) -> CellSummary:
    raw = fields.mapping(data, "cell")
    return CellSummary(
        index=int(fields.number(raw, "index", low=0, high=1e6)),
        status=fields.text(raw, "status"),
        seconds=fields.number(raw, "seconds", low=0, high=1e7),
        error=fields.text(raw, "error", empty=True),
    )
