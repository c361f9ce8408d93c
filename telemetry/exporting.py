"""The one module that knows OpenTelemetry's packages."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context, get_current
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)

from telemetry import tracing
from telemetry.tracing import Value

FLUSH_MS = 3000

_submission: contextvars.ContextVar[str] = contextvars.ContextVar("submission_of_the_upload_span", default="")


class _Ids(RandomIdGenerator):
    """The upload's span has the numbers that all other processes expect; every other one has a random number."""

    def generate_trace_id(self) -> int:
        return tracing.trace_id(_submission.get()) or super().generate_trace_id()

    def generate_span_id(self) -> int:
        submission = _submission.get()
        return tracing.upload_span_id(submission) if submission else super().generate_span_id()


class Exporter:
    def __init__(self, process: str) -> None:
        # OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and the exporter's own variables hold.
        resource = Resource.create({"service.name": f"grader-{process}"})
        self._provider = TracerProvider(resource=resource, id_generator=_Ids())
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer: Tracer = self._provider.get_tracer("grader")

    def record(self, name: str, submission: str, began_ns: int, ended_ns: int, attributes: Mapping[str, Value]) -> None:
        first = name == tracing.UPLOAD
        token = _submission.set(submission if first else "")
        try:
            context = Context() if first else _context(submission)
            made = self._tracer.start_span(
                name, context, attributes=_named(submission, attributes), start_time=began_ns
            )
        finally:
            _submission.reset(token)
        made.end(ended_ns)

    @contextmanager
    def timed(self, name: str, submission: str, attributes: Mapping[str, Value]) -> Iterator[None]:
        """An exception that passes is noted by its kind; its text may hold anything and is not."""
        made = self._tracer.start_as_current_span(
            name,
            _context(submission),
            attributes=_named(submission, attributes),
            record_exception=False,
            set_status_on_exception=False,
        )
        with made as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                raise

    def flush(self) -> None:
        self._provider.force_flush(FLUSH_MS)


def _context(submission: str) -> Context:
    """Below the span that is open, if it is of the same submission; else below the upload."""
    number = tracing.trace_id(submission)
    assert number is not None
    if get_current_span().get_span_context().trace_id == number:
        return get_current()
    above = SpanContext(number, tracing.upload_span_id(submission), True, TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(above), Context())


def _named(submission: str, attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {"grader.submission": submission, **{f"grader.{key}": value for key, value in attributes.items()}}
