"""The recorder's own figures and traces, from its start to its end."""

from __future__ import annotations

from celery.signals import worker_ready, worker_shutting_down

from grader.measuring.adding import Adder
from grader.tasks.app import app, backend
from telemetry import tracing

_running: list[Adder] = []


@worker_ready.connect  # type: ignore[untyped-decorator]
def _start(sender: object = None, **_: object) -> None:
    if getattr(sender, "app", None) is app:
        tracing.configure("recorder")
        adder = Adder(backend().writing)
        _running.append(adder)
        adder.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: object) -> None:
    for adder in _running:
        adder.stop()
    tracing.flush()
