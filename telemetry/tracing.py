"""Traces for OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` says; nothing at all otherwise.

The trace of a submission has the submission's own id: its UUID is the trace's number, and the span of the upload has
a number that follows from it. So every process that knows the submission (from a row, or from the job message) goes on
with the same trace, however often a run is sent again, and a log line leads straight to it.

The packages are optional: `pip install -r requirements/tracing.txt`.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.exporting import Exporter

log = logging.getLogger(__name__)

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
UPLOAD = "upload"  # the first span of every trace; all others hang below it

Value = str | int | float | bool

_exporter: Exporter | None = None


def configure(process: str) -> None:
    """Once a process, after forking."""
    global _exporter
    if _exporter is not None or not any(os.environ.get(name) for name in VARIABLES):
        return
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    try:
        from telemetry.exporting import Exporter
    except ImportError as error:
        log.error(
            "traces are asked for (%s), but %s is not installed: pip install -r requirements/tracing.txt",
            VARIABLES[0],
            error.name,
        )
        return
    _exporter = Exporter(process)


def span(name: str, submission: str, **attributes: Value) -> AbstractContextManager[None]:
    """Time what is done inside, as a part of the submission's trace."""
    if _exporter is None or trace_id(submission) is None:
        return nullcontext()
    return _timed(_exporter, name, submission, attributes)


def record(name: str, submission: str, began_ns: int, ended_ns: int, **attributes: Value) -> None:
    """A span of something that has ended; times in nanoseconds since 1970."""
    if _exporter is not None and trace_id(submission) is not None:
        _exporter.record(name, submission, began_ns, max(began_ns, ended_ns), attributes)


def flush() -> None:
    """Send what waits to be sent; before a process ends in a way that asks nobody."""
    if _exporter is not None:
        _exporter.flush()


def trace_id(submission: str) -> int | None:
    """None for what is no submission's id."""
    try:
        return uuid.UUID(submission).int or None
    except (ValueError, AttributeError):
        return None


def upload_span_id(submission: str) -> int:
    return int.from_bytes(blake2b(submission.encode(), digest_size=8, person=b"upload").digest(), "big") or 1


@contextmanager
def _timed(exporter: Exporter, name: str, submission: str, attributes: dict[str, Value]) -> Iterator[None]:
    with exporter.timed(name, submission, attributes):
        yield
