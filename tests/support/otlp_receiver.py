"""An OTLP receiver over HTTP: what it was sent can be looked at."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.loopback import Handler, serving


@dataclass(frozen=True)
class SpanSeen:
    name: str
    process: str
    trace: str
    parent: str
    span: str
    attributes: dict[str, str]


@dataclass
class Receiver:
    url: str = ""
    spans: list[SpanSeen] = field(default_factory=list)

    def of(self, submission: str) -> dict[str, SpanSeen]:
        trace = submission.replace("-", "")
        return {span.name: span for span in list(self.spans) if span.trace == trace}


class _Handler(Handler):
    def do_POST(self) -> None:
        body = self.received()
        data = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.receiver.spans += _spans(ExportTraceServiceRequest.FromString(data))
        self.answer(200, {"Content-Type": "application/x-protobuf"})


@contextmanager
def otlp_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(_Handler, receiver=receiver) as receiver.url:
        yield receiver


def _spans(request: ExportTraceServiceRequest) -> list[SpanSeen]:
    found = []
    for resource in request.resource_spans:
        about = {a.key: a.value.string_value for a in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {a.key: a.value.string_value for a in span.attributes}
                ids = (span.trace_id.hex(), span.parent_span_id.hex(), span.span_id.hex())
                found.append(SpanSeen(span.name, about.get("service.name", ""), *ids, attributes))
    return found
