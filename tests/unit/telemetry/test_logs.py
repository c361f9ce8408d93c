"""One line a message, with the ids of the work; nothing secret in it."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from telemetry import context, logs
from telemetry.redaction import masked

SECRETS = {
    "postgresql://grader:hunter2@db/grader": "hunter2",
    "Authorization: Bearer grd_abcDEF123": "abcDEF123",
    "GET /internal/blobs/eyJhIjoxfQ.sig-nature": "sig-nature",
    "?code=sekret1&state=sekret2": "sekret",
    "signed with whsec_Zm9vYmFy": "Zm9vYmFy",
    "eyJhbGciOi.eyJzdWIi.c2ln": "c2ln",
}


def record(text: str, *args: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, text, args, None, extra=extra or None)


@pytest.mark.parametrize(("text", "secret"), SECRETS.items())
def test_what_looks_like_a_secret_is_masked_in_both_forms(text: str, secret: str) -> None:
    assert secret not in masked(text)
    for form in (logs.JsonLines("web"), logs.Text("web")):
        assert secret not in form.format(record("said: %s", text))
        assert secret not in form.format(record("said", fields={"about": text}))


def test_a_json_line_has_the_ids_of_the_work() -> None:
    context.start()
    with context.bound(submission="s1"), context.bound(run="r1"):
        line = json.loads(logs.JsonLines("worker").format(record("run %s", "taken", fields={"seconds": 0.5})))
    wanted = {"submission": "s1", "run": "r1", "process": "worker", "message": "run taken", "seconds": 0.5}
    assert {key: line[key] for key in wanted} == wanted
    assert "run" not in json.loads(logs.JsonLines("worker").format(record("later")))


def test_an_exception_stays_on_one_line_and_its_secrets_out_of_it() -> None:
    try:
        raise ValueError("cannot reach redis://:pass-word@broker")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    text = logs.JsonLines("web").format(made)
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["error"]
    assert "pass-word" not in text
    assert "pass-word" not in logs.Text("web").format(made)


def test_a_form_that_does_not_exist_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.VARIABLE, "yaml")
    with pytest.raises(SystemExit, match="GRADER_LOG='yaml': expected text or json"):
        logs.formatter("web")


def test_work_that_begins_anew_has_no_ids_of_the_one_before() -> None:
    context.start()
    with context.bound(submission="s1"):
        context.start(request="r")
        assert dict(context.current()) == {"request": "r"}
    assert dict(context.current()) == {}
