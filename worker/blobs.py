"""Fetching a submission by its signed URL, and sending its executed notebook back to the same address."""

from __future__ import annotations

import hashlib
import logging
import time

import httpx

log = logging.getLogger(__name__)

RETRY_FOR_S = 60.0
TIMEOUT_S = 15.0


class BlobError(RuntimeError):
    """The notebook could not be had; the text says why and never shows the signed URL."""


def fetch(url: str, digest: str, *, max_bytes: int, retry_for_s: float = RETRY_FOR_S) -> bytes:
    """The bytes whose sha256 is `digest`. A web process that is just restarting is waited for."""
    deadline = time.monotonic() + retry_for_s
    wait_s = 0.2
    while True:
        try:
            data = _read(url, max_bytes)
            break
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if _final(error) or time.monotonic() + wait_s > deadline:
                raise BlobError(f"the notebook could not be fetched: {_say(error)}") from None
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, 5.0)
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise BlobError(f"the notebook's sha256 is {found}, the job names {digest}")
    return data


def send(url: str, data: bytes) -> str:
    """Keep `data` where the notebook came from; returns its sha256, or "" where that failed.

    The executed notebook is for looking at: no result waits long for it, and none is lost with it.
    """
    for wait_s in (0.5, 2.0, 0.0):
        try:
            httpx.put(url, content=data, timeout=TIMEOUT_S, follow_redirects=False).raise_for_status()
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if _final(error) or not wait_s:
                log.warning("the executed notebook was not kept: %s", _say(error))
                return ""
            time.sleep(wait_s)
        else:
            break
    return hashlib.sha256(data).hexdigest()


def _read(url: str, max_bytes: int) -> bytes:
    with httpx.stream("GET", url, timeout=TIMEOUT_S, follow_redirects=False) as response:
        response.raise_for_status()
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > max_bytes:
                raise BlobError(f"the notebook is larger than {max_bytes} bytes")
            parts.append(part)
    return b"".join(parts)


def _final(error: Exception) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500


def _say(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answered {error.response.status_code}"
    return type(error).__name__
