from __future__ import annotations

import time

import pytest
from itsdangerous import URLSafeTimedSerializer

from grader.signing import BlobTicket, Signer

KEY = "k" * 40
TICKET = BlobTicket("run-1", "d" * 64)


def test_a_ticket_comes_back_as_it_was_signed() -> None:
    signer = Signer(KEY, lifetime_s=60)
    assert signer.read(signer.sign(TICKET)) == TICKET
    url = signer.blob_url("http://web:8000", TICKET)
    assert url.startswith("http://web:8000/internal/blobs/")
    assert signer.read(url.rsplit("/", 1)[1]) == TICKET


def test_a_changed_ticket_is_refused() -> None:
    signer = Signer(KEY, lifetime_s=60)
    token = signer.sign(TICKET)
    for position in range(0, len(token) - 1, 7):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert signer.read(changed) is None


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "é", "\x00", "x" * 10_000])
def test_what_is_no_ticket_is_refused(token: str) -> None:
    assert Signer(KEY, lifetime_s=60).read(token) is None


def test_a_ticket_signed_with_another_key_or_for_another_purpose_is_refused() -> None:
    signer = Signer(KEY, lifetime_s=60)
    assert signer.read(Signer("o" * 40, lifetime_s=60).sign(TICKET)) is None
    session = URLSafeTimedSerializer(KEY, salt="cookie-session").dumps(["run-1", "d" * 64])
    assert signer.read(str(session)) is None
    odd = URLSafeTimedSerializer(KEY, salt="grader.blob-ticket.1").dumps({"a": 1, "b": 2, "c": 3})
    assert signer.read(str(odd)) is None


def test_a_ticket_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(KEY, lifetime_s=60)
    token = signer.sign(TICKET)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert signer.read(token) == TICKET
    monkeypatch.setattr(time, "time", lambda: now + 62)
    assert signer.read(token) is None


def test_a_ticket_is_good_when_the_clock_was_set_back_since(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(KEY, lifetime_s=60)
    token = signer.sign(TICKET)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 7200)
    assert signer.read(token) == TICKET
