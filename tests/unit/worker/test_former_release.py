"""While the service is upgraded, old and new processes talk to each other. These texts are of the former release."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.contract import (
    MESSAGE_VERSION,
    GradeStatus,
    HandBack,
    HandedBackMessage,
    JobMessage,
    Limits,
    MessageError,
    Queue,
    ResultMessage,
    StartedMessage,
)

Kind = type[JobMessage] | type[ResultMessage] | type[StartedMessage] | type[HandedBackMessage]

JOB = (
    '{"run_id": "run-1", "submission_id": "submission-1", "lease": "lease-1", '
    '"assignment": "loss-1-regression", '
    '"assignment_version": "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", '
    '"digest": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", '
    '"blob_url": "http://127.0.0.1:9/none", "limits": {"wall_s": 120.0, "cell_s": 30.0, "call_s": 10.0, '
    '"memory_mib": 2048, "scratch_mib": 256, "output_mib": 8, "processes": 64}, "queue": "cpu", '
    '"answers": {}, "attempt": 1, "version": 1}'
)
STARTED = '{"run_id": "run-1", "lease": "lease-1", "worker": "w1"}'
RESULT = (
    '{"run_id": "run-1", "lease": "lease-1", "status": "graded", "score": 7.0, "max_score": 10.0, '
    '"checks": [{"key": "nll", "title": "Likelihood", "points": 7.0, "max_points": 10.0, '
    '"verdict": "partial", "message": "The sign is wrong.", "diagnosis": "minus-sign", '
    '"staff_message": "seed 17", "measure": null}], "seconds": {"total": 1.5, "execute": 1.0, '
    '"overhead": 0.5}, "cells": [{"index": 0, "status": "ok", "seconds": 0.1, "error": ""}], '
    '"notices": ["One cell failed."], "reason": "", "staff_text": "", "worker": "w1", '
    '"peak_memory_mib": 120.0, "executed": "", "version": 1}'
)
HANDED_BACK = (
    '{"run_id": "run-1", "lease": "lease-1", "worker": "w1", "process": "p1", "why": "died", "text": "killed"}'
)

FORMER: list[tuple[Kind, str]] = [
    (JobMessage, JOB), (StartedMessage, STARTED), (ResultMessage, RESULT), (HandedBackMessage, HANDED_BACK),
]  # fmt: skip


def former(kind: Kind, text: str) -> Any:
    return kind.from_json(json.loads(text))


def test_jobs_of_the_former_service_are_understood() -> None:
    job = former(JobMessage, JOB)
    assert (job.run_id, job.lease, job.queue, job.attempt) == ("run-1", "lease-1", Queue.CPU, 1)
    assert job.limits == Limits(wall_s=120, cell_s=30, call_s=10, memory_mib=2048, scratch_mib=256)


def test_what_former_workers_send_is_understood() -> None:
    started, result = former(StartedMessage, STARTED), former(ResultMessage, RESULT)
    assert (started.run_id, started.worker, started.process) == ("run-1", "w1", "")
    assert (result.status, result.score, result.checks[0].points) == (GradeStatus.GRADED, 7.0, 7.0)
    assert (dict(result.stages), result.failure) == ({}, None)
    assert former(HandedBackMessage, HANDED_BACK).why is HandBack.DIED


@pytest.mark.parametrize(("kind", "text"), FORMER)
def test_todays_messages_have_all_that_former_processes_read(kind: Kind, text: str) -> None:
    """With the same values: what was added since stands beside it, and is passed over there."""
    before, today = json.loads(text), json.loads(json.dumps(former(kind, text).to_json()))
    assert {name: today[name] for name in before} == before


@pytest.mark.parametrize(("kind", "text"), FORMER)
def test_what_a_later_release_adds_is_passed_over(kind: Kind, text: str) -> None:
    assert former(kind, json.dumps({**json.loads(text), "added_later": {"a": 1}})) == former(kind, text)


def test_a_limit_that_a_later_release_adds_is_passed_over() -> None:
    job = json.loads(JOB)
    newer = {**job, "limits": {**job["limits"], "added_later_mib": 4096}}
    assert JobMessage.from_json(newer) == JobMessage.from_json(job)


def test_a_version_that_would_be_misunderstood_is_refused() -> None:
    with pytest.raises(MessageError, match="version"):
        JobMessage.from_json({**json.loads(JOB), "version": MESSAGE_VERSION + 1})
