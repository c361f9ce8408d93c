"""Logs of all processes: text for people, or one JSON object a line (`GRADER_LOG=json`).

Every line has the ids of the work that it is about (telemetry.context); `submission` is the same in web, worker and
recorder, from the upload to the grade and its delivery.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from telemetry.context import current
from telemetry.redaction import masked

VARIABLE = "GRADER_LOG"
FORMS = ("text", "json")
EXTRA = "fields"  # `log.info("…", extra={"fields": {…}})` adds to one line
# They would log every request with its address, or every message twice.
_QUIET = ("httpx", "httpcore", "urllib3", "botocore", "aiobotocore", "s3fs", "fsspec", "asyncio", "alembic.runtime")


def configure(process: str, level: int | str = logging.INFO) -> None:
    """Send all logs of this process to standard error in the form that the environment asks for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def formatter(process: str) -> logging.Formatter:
    form = os.environ.get(VARIABLE) or FORMS[0]
    if form not in FORMS:
        raise SystemExit(f"{VARIABLE}={form!r}: expected {' or '.join(FORMS)}")
    return JsonLines(process) if form == "json" else Text(process)


class JsonLines(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": masked(record.getMessage()),
            **_fields(record),
        }
        if record.exc_info:
            line["error"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


class Text(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        first, newline, rest = super().format(record).partition("\n")
        fields = " ".join(f"{key}={value}" for key, value in _fields(record).items())
        return masked(f"{first} [{fields}]{newline}{rest}" if fields else first + newline + rest)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    given = getattr(record, EXTRA, None)
    fields = {**current(), **(given if isinstance(given, dict) else {})}
    return {key: masked(value) if isinstance(value, str) else value for key, value in fields.items()}
