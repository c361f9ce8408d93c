"""Celery's options for the recorder, from the settings; loaded when the application is first used."""

from __future__ import annotations

from typing import Any

from kombu.entity import Queue

from grader.broker import COMMON
from grader.settings import Settings
from worker.contract import RESULTS_QUEUE

DELIVERY_QUEUE = "delivery"

VISIBILITY_S = 60


def options(settings: Settings) -> dict[str, Any]:
    return {
        **COMMON,
        "broker_url": settings.broker_url,
        "include": [
            "grader.tasks.results",
            "grader.tasks.similarity",
            "grader.tasks.stopping",
            "grader.tasks.sweeper",
            "grader.tasks.webhooks",
            "grader.tasks.workers",
            "grader.tasks.measuring",
            "grader.tasks.lti_sync",
        ],
        "task_queues": [Queue(name) for name in (RESULTS_QUEUE, DELIVERY_QUEUE)],  # type: ignore[no-untyped-call]
        "task_default_queue": DELIVERY_QUEUE,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,  # recording is idempotent, so doing it again is always right
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": transport_options(settings.broker_url),
    }


def transport_options(broker_url: str) -> dict[str, Any]:
    if not broker_url.startswith("redis"):
        return {}
    return {
        # Each Redis consumer gives back what *any* consumer has held for longer than its own visibility timeout,
        # so the recorder keeps apart what it holds: its minute would hand the workers' long jobs out twice.
        "visibility_timeout": VISIBILITY_S,
        "unacked_key": "unacked.recorder",
        "unacked_index_key": "unacked_index.recorder",
        "unacked_mutex_key": "unacked_mutex.recorder",
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
