"""Which processes make up the service on one machine, and how each is started."""

from __future__ import annotations

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader import urls
from grader.cli.service.child import ChildSpec, LogTail
from grader.cli.service.private_redis import spec as redis_spec

if TYPE_CHECKING:
    from grader.settings import Settings

WEB_THREADS = 40  # more than grader.web.events.MOST_STREAMS: open live pages hold one each
PYTHON = (sys.executable, "-P")
DRIVER_NODES = ("/dev/nvidiactl", "/dev/dxg")  # without one of them nobody needs to be asked

WORKER_NICE = 5  # uploads and pages go before notebooks where all share one machine


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    concurrency: int
    queues: str
    unsafe: bool


def environ_of(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """The variables of web and recorder: what `settings` says, given on word for word."""
    return {
        **base,
        "GRADER_HOME": str(settings.home),
        "GRADER_DATABASE_URL": settings.database_url,
        "GRADER_BROKER_URL": settings.broker_url,
        "GRADER_PROGRESS_URL": settings.progress_url,
        "GRADER_BLOB_URL": settings.blob_url,
        "GRADER_PUBLIC_URL": settings.public_url,
        "GRADER_INTERNAL_URL": settings.internal_url,
        "GRADER_ASSIGNMENTS_DIR": str(settings.assignments_dir),
        "PYTHONUNBUFFERED": "1",
    }


def stages(settings: Settings, options: Options, base: Mapping[str, str]) -> list[list[ChildSpec]]:
    """In the order of their start: each list is started together, once the one before it is ready."""
    first = []
    if settings.broker_url == urls.private_redis(settings.home):
        plain = {k: v for k, v in base.items() if k in {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}}
        first.append(redis_spec(settings.home, plain))
    environ = environ_of(settings, base)
    rest = [_recorder(environ), *_workers(settings, options, environ), _web(options, environ)]
    return [first, rest] if first else [rest]


def _web(options: Options, environ: Mapping[str, str]) -> ChildSpec:
    host = f"[{options.host}]" if ":" in options.host else options.host
    return ChildSpec(
        name="web",
        command=[
            *(*PYTHON, "-m", "gunicorn", "grader.web.wsgi:app", "--bind", f"{host}:{options.port}"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", str(WEB_THREADS)),
            *("--timeout", "60", "--graceful-timeout", "1", "--keep-alive", "5", "--no-control-socket"),
            *("--logger-class", "telemetry.gunicorn_logs.Logger"),
        ],
        environ=environ,
        ready=lambda log: _healthy(options),
        stop_s=2.5,
    )


def _recorder(environ: Mapping[str, str]) -> ChildSpec:
    return ChildSpec(
        name="recorder",
        command=[*PYTHON, "-m", "grader.cli.main", "recorder"],
        environ=environ,
        ready=_celery_is_ready,
        stop_signals=(signal.SIGTERM, signal.SIGQUIT),
        orphan_signal=signal.SIGKILL,  # recording is one transaction and may be done again
    )


def _workers(settings: Settings, options: Options, environ: Mapping[str, str]) -> list[ChildSpec]:
    """One for each queue: a slot of the queue `gpu` holds a GPU, so there are as many of those as there are GPUs."""
    from grader.cli.worker import parse_queues

    found = []
    for queue in parse_queues(options.queues):
        name = "worker-gpu" if queue == "gpu" else "worker"
        slots = max(1, gpu_count()) if queue == "gpu" else options.concurrency
        found.append(_worker(name, ["--queues", queue, "--concurrency", str(slots)], settings, options, environ))
    return found


def _worker(
    name: str, chosen: list[str], settings: Settings, options: Options, environ: Mapping[str, str]
) -> ChildSpec:
    command = [*PYTHON, "-m", "grader.cli.main", "worker", *chosen]
    command += ["--unsafe"] if options.unsafe else []
    own = {
        "WORKER_BROKER_URL": settings.broker_url,
        "WORKER_PROGRESS_URL": settings.progress_url,
        "WORKER_ASSIGNMENTS_DIR": str(settings.assignments_dir),
        # After a moment: an unfinished run is owed by the database and done after the next start.
        "WORKER_STOP_S": environ.get("WORKER_STOP_S", "1"),
    }
    return ChildSpec(
        name=name,
        command=command,
        environ={**environ, **own},
        ready=_celery_is_ready,
        stop_s=float(own["WORKER_STOP_S"]) + 5.0,
        # At once: in a half-way shutdown without its broker Celery can wait for ever.
        orphan_signal=signal.SIGKILL,
        nice=WORKER_NICE,
    )


def _healthy(options: Options) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(options.host, options.host)
    try:
        with urllib.request.urlopen(f"http://{host}:{options.port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _celery_is_ready(log: LogTail) -> bool:
    return " ready." in log.text()


def gpu_count() -> int:
    """Those that a worker may use; 0 where the driver says nothing that can be understood."""
    from worker.gpu.asking import ObservedDriver
    from worker.gpu.discovery import GpuError

    if not any(Path(node).exists() for node in DRIVER_NODES):
        return 0
    driver = ObservedDriver()
    try:
        return len(driver.gpus())
    except GpuError:
        return 0
    finally:
        driver.close()


def default_concurrency() -> int:
    """One notebook a core, and no more than memory allows at the default limit of 2 GiB each."""
    import psutil

    gib = psutil.virtual_memory().total / 1024**3
    return max(1, min(os.cpu_count() or 1, int(gib // 2.5)))
