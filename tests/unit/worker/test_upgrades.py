"""Old and new processes work side by side during an upgrade: messages as former releases sent them are understood.

The texts below are what those releases put on the wire. They are never changed; a release that sends something new
adds one.
"""

from __future__ import annotations

import json

import pytest

from worker.contract import (
    MESSAGE_VERSION,
    GradeStatus,
    HandBack,
    HandedBackMessage,
    JobMessage,
    MessageError,
    Queue,
    ResultMessage,
    StartedMessage,
)

JOB_1 = """{"run_id": "r", "submission_id": "s", "lease": "l", "assignment": "a", "assignment_version": "v",
 "digest": "d", "blob_url": "http://x/", "limits": {"wall_s": 3.5, "cell_s": 30.0, "call_s": 10.0, "memory_mib": 2048,
 "scratch_mib": 256, "output_mib": 8, "processes": 9}, "queue": "gpu", "answers": {"k": "0.951"}, "attempt": 2,
 "version": 1}"""
STARTED_1 = '{"run_id": "r", "lease": "l", "worker": "w"}'
RESULT_1 = """{"run_id": "r", "lease": "l", "status": "graded", "score": 1.5, "max_score": 2.0, "checks": [{"key": "k",
 "title": "t", "points": 1.5, "max_points": 2.0, "verdict": "partial", "message": "m", "diagnosis": "minus-sign",
 "staff_message": "staff", "measure": null}], "seconds": {"total": 1.0, "execute": 0.75, "overhead": 0.25},
 "cells": [{"index": 3, "status": "error", "seconds": 0.1, "error": "ValueError: x"}], "notices": ["n"], "reason": "",
 "staff_text": "", "worker": "w", "peak_memory_mib": 0.0, "executed": "", "version": 1}"""


def test_a_job_of_a_former_release_is_understood() -> None:
    job = JobMessage.from_json(json.loads(JOB_1))
    assert (job.run_id, job.lease, job.queue, job.limits.processes, job.attempt) == ("r", "l", Queue.GPU, 9, 2)


def test_news_of_a_former_worker_are_understood() -> None:
    assert StartedMessage.from_json(json.loads(STARTED_1)) == StartedMessage("r", "l", "w", "")
    result = ResultMessage.from_json(json.loads(RESULT_1))
    assert (result.status, result.score, result.checks[0].points) == (GradeStatus.GRADED, 1.5, 1.5)


@pytest.mark.parametrize(
    "message",
    [
        JobMessage.from_json(json.loads(JOB_1)),
        ResultMessage.from_json(json.loads(RESULT_1)),
        StartedMessage("r", "l", "w", "p"),
        HandedBackMessage("r", "l", "w", "p", HandBack.DIED, "t"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_former_release_that_ignores_what_it_does_not_know_reads_the_rest(
    message: JobMessage | ResultMessage | StartedMessage | HandedBackMessage,
) -> None:
    """What is added has a default and is passed over by those who do not know it, so it needs no new version."""
    newer = {**json.loads(json.dumps(message.to_json())), "added_by_the_next_release": {"any": 1}}
    assert type(message).from_json(newer) == message


def test_a_limit_that_the_next_release_adds_is_passed_over() -> None:
    job = json.loads(JOB_1)
    newer = {**job, "limits": {**job["limits"], "gpu_memory_mib": 4096}}
    assert JobMessage.from_json(newer) == JobMessage.from_json(job)


def test_a_version_that_would_be_misunderstood_is_refused() -> None:
    newer = {**json.loads(JOB_1), "version": MESSAGE_VERSION + 1}
    with pytest.raises(MessageError, match="version"):
        JobMessage.from_json(newer)


def test_no_field_that_a_former_release_needs_is_gone() -> None:
    for text, kind in ((JOB_1, JobMessage), (STARTED_1, StartedMessage), (RESULT_1, ResultMessage)):
        sent = kind.from_json(json.loads(text)).to_json()  # type: ignore[attr-defined]
        assert set(json.loads(text)) <= set(sent)
