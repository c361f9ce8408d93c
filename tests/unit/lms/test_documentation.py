"""The verifier in the documentation is run as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.lms.incoming.events import KINDS
from grader.lms.webhooks import secrets
from grader.lms.webhooks.service import PING
from grader.outbox.kinds import EVENTS

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "lms.md").read_text()
BODY = '{"type":"grade.changed","data":{"score":7.0}}'


@pytest.fixture
def is_genuine() -> Callable[[str, dict[str, str], bytes], bool]:
    [code] = [c for c in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL) if "def is_genuine" in c]
    assert len(code.strip().splitlines()) <= 25
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[[str, dict[str, str], bytes], bool] = names["is_genuine"]
    return found


def test_it_accepts_what_the_service_signs_and_nothing_else(
    is_genuine: Callable[[str, dict[str, str], bytes], bool],
) -> None:
    old, new = secrets.make(), secrets.make()
    now = datetime.now(UTC)
    headers = secrets.headers("msg_1", now, BODY, [new, old])
    assert is_genuine(new, headers, BODY.encode())
    assert is_genuine(old, headers, BODY.encode())
    assert not is_genuine(secrets.make(), headers, BODY.encode())
    assert not is_genuine(new, headers, BODY.replace("7", "9").encode())
    assert not is_genuine(new, {**headers, "webhook-id": "msg_2"}, BODY.encode())
    assert not is_genuine(new, {}, BODY.encode())
    late = secrets.headers("msg_1", now - timedelta(minutes=6), BODY, [new])
    assert not is_genuine(new, late, BODY.encode())


def test_a_time_of_another_zone_is_signed_as_the_moment_it_is(
    is_genuine: Callable[[str, dict[str, str], bytes], bool],
) -> None:
    from zoneinfo import ZoneInfo

    secret = secrets.make()
    headers = secrets.headers("msg_1", datetime.now(ZoneInfo("Asia/Tokyo")), BODY, [secret])
    assert is_genuine(secret, headers, BODY.encode())


def test_every_event_is_documented() -> None:
    for kind in (*EVENTS, PING, *KINDS):
        assert f"`{kind}`" in DOCUMENT
