"""Runs that wait to be graded, written in bulk: as uploads leave them, or reruns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from grader.db.base import Base, new_id
from grader.db.models import Blob, OutboxMessage, Run, RunCause, RunStatus, Source, Submission, SubmissionStatus
from grader.outbox.kinds import RUN_JOB
from worker.contract import Queue

DIGEST = "0" * 64
CHUNK = 5_000


@dataclass(frozen=True)
class WaitingRun:
    """`number`: of the student's attempts at the assignment."""

    student: str
    assignment: str
    version: str
    number: int
    at: datetime
    cause: RunCause = RunCause.SUBMITTED


def add_waiting(session: Session, runs: Sequence[WaitingRun]) -> None:
    """With their submissions, and the jobs that are owed."""
    if session.get(Blob, DIGEST) is None:
        session.add(Blob(digest=DIGEST, size_bytes=1000))
        session.flush()
    rows: dict[type[Base], list[dict[str, Any]]] = {Submission: [], Run: [], OutboxMessage: []}
    for run in runs:
        _add(rows, run)
    for model, found in rows.items():
        for start in range(0, len(found), CHUNK):
            session.execute(insert(model), found[start : start + CHUNK])


def _add(rows: dict[type[Base], list[dict[str, Any]]], run: WaitingRun) -> None:
    submission_id, run_id = new_id(), new_id()
    rows[Submission].append(
        {
            "id": submission_id, "student_id": run.student, "assignment_id": run.assignment, "version_id": run.version,
            "digest": DIGEST, "filename": "work.ipynb", "answers": {}, "number": run.number, "source": Source.API,
            "status": SubmissionStatus.QUEUED, "created_at": run.at,
        }
    )  # fmt: skip
    rows[Run].append(
        {
            "id": run_id, "submission_id": submission_id, "version_id": run.version, "number": 1, "cause": run.cause,
            "attempt": 1, "status": RunStatus.QUEUED, "queue": Queue.CPU, "lease": new_id(), "created_at": run.at,
            "dispatches": 0, "notices": [], "reason": "", "staff_text": "", "cells": [],
        }
    )  # fmt: skip
    rows[OutboxMessage].append(
        {
            "id": new_id(), "kind": RUN_JOB, "subject_id": run_id, "payload": {"run_id": run_id}, "created_at": run.at,
            "tries": 0, "next_try_at": run.at,
        }
    )  # fmt: skip
