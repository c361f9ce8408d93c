"""The worker's one task: take a job, grade it, send the result."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from celery.signals import celeryd_after_setup, worker_process_init, worker_process_shutdown

from telemetry import context, tracing
from worker.app import app
from worker.blobs import BlobError, fetch, send
from worker.checker.parents import CHECKERS
from worker.contract import (
    TASK_GRADE,
    TASK_HEARTBEAT,
    TASK_RESULT,
    TASK_STARTED,
    Failure,
    JobMessage,
    MessageError,
    Queue,
    ResultMessage,
    Stage,
    StartedMessage,
)
from worker.environments import Environment, EnvironmentsError, load_environments
from worker.gpu.asking import ObservedDriver
from worker.gpu.places import Sharing
from worker.gpu.slots import check_slots
from worker.gpu.use import NoGpu, device_use, finish_job
from worker.memory import give_back_freed_memory
from worker.pipeline.request import GradeRequest, Grading, failed
from worker.pipeline.resolve import ResolveError, Resolver
from worker.pipeline.run import grade_sync
from worker.reporting import Heartbeat, ProgressPublisher
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.policy import check_limits
from worker.sandbox.warm.pool import POOLS
from worker.sending import send_news, send_result
from worker.settings import WorkerSettings, from_environment
from worker.stages import StageClock
from worker.stopping import PROCESS

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log signed URLs

_KIND_OF = {BlobError: Failure.NOTEBOOK, ResolveError: Failure.ASSIGNMENT, SandboxUnavailable: Failure.SANDBOX}


@lru_cache(maxsize=1)
def _settings() -> WorkerSettings:
    return from_environment()


@lru_cache(maxsize=1)
def _resolver() -> Resolver:
    return Resolver(_settings().assignments_dir, _settings().environments_file)


@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def refuse_surplus_slots(instance: Any, **_: Any) -> None:
    """Before the first job: a slot without a GPU would take jobs that want one, and fail them."""
    try:
        queues = list(instance.app.amqp.queues.consume_from)
        with contextlib.closing(ObservedDriver()) as driver:
            check_slots(queues, instance.concurrency, driver, Sharing(_settings().gpu_slot_mib))
    except NoGpu as problem:
        raise SystemExit(f"{problem.reason}\n  To mend it: {problem.fix}") from None


@worker_process_init.connect  # type: ignore[untyped-decorator]
def keep_warm(**_: Any) -> None:
    """Each process that runs jobs has warm parents of its own: they end with it, and no two jobs share one."""
    settings = _settings()
    give_back_freed_memory()
    tracing.configure("worker")
    CHECKERS.keep(settings.assignments_dir, unsafe=settings.unsafe)
    if not settings.warm or settings.unsafe:
        return
    try:
        environments = load_environments(settings.environments_file)
    except EnvironmentsError as error:
        log.error("%s", error)
        return
    for environment in environments.values():
        POOLS.keep_warm(environment)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def stop_warm(**_: Any) -> None:
    POOLS.stop()
    CHECKERS.stop()
    tracing.flush()


@app.task(name=TASK_GRADE)  # type: ignore[untyped-decorator]
def grade(message: dict[str, Any]) -> None:
    try:
        job = JobMessage.from_json(message)
    except MessageError as error:
        log.error("job dropped, malformed: %s", error)
        return
    with (
        context.bound(submission=job.submission_id, run=job.run_id, worker=_settings().name),
        tracing.span("run", job.submission_id, run=job.run_id, attempt=job.attempt, worker=_settings().name),
    ):
        _carry_out(job, _settings())


def _carry_out(job: JobMessage, settings: WorkerSettings) -> None:
    log.info("run taken")
    started = StartedMessage(job.run_id, job.lease, settings.name, PROCESS)
    send_news(TASK_STARTED, started.to_json())
    progress = ProgressPublisher(settings.progress_url, job.run_id, job.submission_id)
    try:
        with Heartbeat(lambda: send_news(TASK_HEARTBEAT, started.to_json())):
            clock = StageClock(progress)
            grading = _grade(job, settings, clock)
            stages = clock.end(job.submission_id, job.run_id)
            executed = send(job.blob_url, grading.executed) if grading.executed else ""
            result = to_message(job, grading, settings.name, executed, stages)
            send_result(TASK_RESULT, result.to_json())
            log.info(
                "run ended: %s", grading.status.value, extra={"fields": {"seconds": round(grading.seconds.total, 3)}}
            )
        progress("done")
    finally:
        progress.close()
        finish_job()


def _grade(job: JobMessage, settings: WorkerSettings, progress: Callable[..., None]) -> Grading:
    progress("preparing")
    try:
        package, environment = _resolver().find(job.assignment, job.assignment_version)
        check_limits(job.limits, f"assignment {job.assignment}")
        data = fetch(job.blob_url, job.digest, max_bytes=settings.max_notebook_bytes)
    except (BlobError, ResolveError, SandboxUnavailable) as error:
        log.error("not graded: %s", error)
        return failed(str(error), next(kind for of, kind in _KIND_OF.items() if isinstance(error, of)))
    if job.queue is Queue.GPU and settings.warm and not settings.unsafe:
        _keep_warm_with_gpu(environment, package.metadata.gpu_memory_mib)
    request = GradeRequest(
        notebook=data,
        package=package,
        environment=environment,
        limits=job.limits,
        answers=job.answers,
        device=job.queue.value,
        unsafe=settings.unsafe,
        max_notebook_bytes=settings.max_notebook_bytes,
    )
    return grade_sync(request, progress)


def _keep_warm_with_gpu(environment: Environment, memory_mib: int) -> None:
    """From the first job on, because a worker may serve both queues: the GPU is taken when it is needed."""
    with contextlib.suppress(NoGpu):  # said where the kernel is to be started
        POOLS.keep_warm(replace(environment, gpu=device_use().bound(memory_mib)))


def to_message(
    job: JobMessage, grading: Grading, worker: str, executed: str = "", stages: Mapping[Stage, float] | None = None
) -> ResultMessage:
    return ResultMessage(
        run_id=job.run_id,
        lease=job.lease,
        status=grading.status,
        score=grading.score,
        max_score=grading.max_score,
        checks=grading.checks,
        seconds=grading.seconds,
        cells=grading.cells,
        notices=grading.notices,
        reason=grading.reason,
        staff_text=grading.staff_text,
        worker=worker,
        peak_memory_mib=grading.peak_memory_mib,
        executed=executed,
        stages=stages or {},
        failure=grading.failure,
    )
