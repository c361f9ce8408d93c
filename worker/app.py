"""The Celery application of the workers. It knows the broker and nothing of the database.

One job is prefetched per slot and acknowledged only when its result has been sent: a worker that dies takes no
job with it (the grader's leases bring it back even where the broker does not).
"""

from __future__ import annotations

from celery import Celery

from telemetry import celery_logs
from worker.announcing import Announcing
from worker.contract import TASK_GRADE, Queue
from worker.settings import WorkerSettings, from_environment

LONGEST_JOB_S = 3600


def make_app(settings: WorkerSettings) -> Celery:
    app = Celery("worker", broker=settings.broker_url, include=["worker.tasks"])
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        task_reject_on_worker_lost=False,  # the lease decides who does a lost run again, not the broker
        task_default_queue=Queue.CPU.value,
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=500,
        worker_hijack_root_logger=False,
        worker_send_task_events=True,
        task_time_limit=LONGEST_JOB_S,
        # A run goes on without the broker: its result is good for as long as its lease, whoever else was given the job.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"visibility_timeout": 2 * LONGEST_JOB_S, "socket_keepalive": True},
        task_routes={TASK_GRADE: {"queue": Queue.CPU.value}},
        enable_utc=True,
        timezone="UTC",
    )
    app.steps["consumer"].add(Announcing)
    return app


celery_logs.connect("worker")
app = make_app(from_environment())
