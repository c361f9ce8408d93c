"""Traces: nothing where nobody asked; else one trace a submission, whoever goes on with it."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest

from telemetry import tracing
from tests.support.otlp_receiver import Receiver, otlp_receiver

SUBMISSION = str(uuid.UUID(int=0x0190_1234_5678_7ABC_8DEF_0123_4567_89AB))


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Iterator[Receiver]:
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        monkeypatch.setattr(tracing, "_exporter", None)
        tracing.configure("test")
        yield receiver


def test_nothing_is_loaded_or_kept_where_nobody_asked() -> None:
    code = (
        "import sys\nfrom telemetry import tracing\ntracing.configure('x')\n"
        f"with tracing.span('run', '{SUBMISSION}'): pass\n"
        f"tracing.record('wait', '{SUBMISSION}', 1, 2)\ntracing.flush()\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env={}, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_every_part_hangs_below_the_upload_in_a_trace_with_the_submissions_id(receiver: Receiver) -> None:
    now = time.time_ns()
    tracing.record(tracing.UPLOAD, SUBMISSION, now - 1000, now, source="web")
    tracing.record("queue.wait", SUBMISSION, now, now + 5)
    with pytest.raises(ZeroDivisionError):
        _run_that_fails(now)
    with tracing.span("run", "no id of a submission"):
        pass
    tracing.flush()
    spans = receiver.of(SUBMISSION)
    assert set(spans) == {"upload", "queue.wait", "run", "run.execute"}
    assert len(receiver.spans) == 4
    assert spans["upload"].parent == ""
    assert spans["queue.wait"].parent == spans["run"].parent == spans["upload"].span
    assert spans["run.execute"].parent == spans["run"].span
    assert spans["run"].attributes["error.type"] == "ZeroDivisionError"
    assert "what a student wrote" not in str(receiver.spans)
    assert spans["run"].process == "grader-test"


def _run_that_fails(now: int) -> None:
    with tracing.span("run", SUBMISSION, attempt=1):
        tracing.record("run.execute", SUBMISSION, now, now + 5)
        raise ZeroDivisionError("what a student wrote")


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(tracing, "_exporter", None)
    monkeypatch.setitem(sys.modules, "telemetry.exporting", None)
    with caplog.at_level(logging.ERROR):
        tracing.configure("test")
    assert "pip install -r requirements/tracing.txt" in caplog.text
    with tracing.span("run", SUBMISSION):
        pass
