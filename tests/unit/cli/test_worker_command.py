"""What `grader worker` starts, and what it keeps from it."""

from __future__ import annotations

import click
import pytest

from grader.cli.worker import celery_command, parse_queues, worker_environ

SERVICE = {
    "PATH": "/bin",
    "GRADER_DATABASE_URL": "postgresql://grader:secret@db/grader",
    "GRADER_SECRET_KEY": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "PGPASSWORD": "secret",
    "GRADER_TOKEN": "secret",
    "WORKER_PROGRESS_URL": "redis://progress",
    "CUDA_VISIBLE_DEVICES": "0",
    "GRADER_SANDBOX_POLICY": "/etc/grader/policy.toml",
    "GRADER_JAIL_UID": "4242",
}


def test_a_worker_gets_no_secret_of_the_service() -> None:
    environ = worker_environ(SERVICE, "redis://broker", "me", unsafe=False)
    assert "secret" not in " ".join(environ.values())
    assert environ["PATH"] == "/bin"
    assert environ["CUDA_VISIBLE_DEVICES"] == "0"
    assert environ["WORKER_PROGRESS_URL"] == "redis://progress"
    assert environ["GRADER_SANDBOX_POLICY"] == "/etc/grader/policy.toml"
    assert environ["GRADER_JAIL_UID"] == "4242"
    assert environ["WORKER_BROKER_URL"] == "redis://broker"
    assert environ["WORKER_UNSAFE"] == "0"


def test_one_job_is_prefetched_per_slot() -> None:
    command = " ".join(celery_command(["cpu", "gpu"], 3, "node", "INFO"))
    for words in ("--app worker.app:app", "--queues cpu,gpu", "--concurrency 3", "--prefetch-multiplier 1"):
        assert words in command


def test_queues_are_parsed_once_each() -> None:
    assert parse_queues(" cpu,gpu,cpu ") == ["cpu", "gpu"]


@pytest.mark.parametrize("text", ["", ",", "cpu,tpu"])
def test_queues_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(click.UsageError):
        parse_queues(text)
