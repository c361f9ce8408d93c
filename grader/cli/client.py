"""The service's API, as the command line uses it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

PENDING = {"queued", "running"}
POLL_S = 0.5
PATIENCE_S = 30.0  # how long a service that is away is waited for


class ServiceError(RuntimeError):
    """The service said no, or nothing. The text is for the user; `code` is the service's own word for it."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Client:
    """Acts for the owner of an API token. Raises ServiceError."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60.0, transport=transport
        )

    def close(self) -> None:
        self._http.close()

    def submit(self, slug: str, file: Path, answers: Mapping[str, str]) -> dict[str, Any]:
        """Hand in one notebook. The submission as the service describes it."""
        with file.open("rb") as notebook:
            return self._ask(
                "POST",
                f"/api/v1/assignments/{slug}/submissions",
                files={"notebook": (file.name, notebook, "application/x-ipynb+json")},
                data={"answers": json.dumps(answers)} if answers else None,
            )

    def wait(
        self, submission: Mapping[str, Any], *, timeout_s: float, on_state: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Ask until it is graded. A service that is away for a moment is waited for."""
        # The path alone: behind a proxy the service may think that it has another address than ours.
        url = urlsplit(str(submission["url"])).path
        deadline = time.monotonic() + timeout_s
        lost_since: float | None = None
        while time.monotonic() < deadline:
            try:
                state = self._ask("GET", url)
                lost_since = None
            except ServiceError as error:
                lost_since = lost_since or time.monotonic()
                if error.code != "unreachable" or time.monotonic() - lost_since > PATIENCE_S:
                    raise
            else:
                on_state(state)
                if state.get("status") not in PENDING:
                    return state
            time.sleep(POLL_S)
        raise ServiceError(f"Not graded after {timeout_s:g} s. It stays in the queue: {submission['url']}", "timeout")

    def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, url, **options)
        except httpx.TransportError as error:
            text = f"{self._url} does not answer ({type(error).__name__}). Is the service running, and the URL right?"
            raise ServiceError(text, "unreachable") from None
        try:
            data = answer.json()
        except ValueError:
            data = {}
        if answer.is_success and isinstance(data, dict):
            return data
        raise _refusal(answer.status_code, data)


def _refusal(status: int, data: object) -> ServiceError:
    """From a problem document (RFC 9457); where the answer is none, from the status alone."""
    problem = data if isinstance(data, dict) else {}
    code = str(problem.get("code") or problem.get("type") or "")
    text = problem.get("detail") or problem.get("message") or problem.get("title")
    if status == 401 and not text:
        text = "The API token is missing, unknown, expired or revoked."
    if status >= 500:
        return ServiceError(f"The service has a fault (HTTP {status}): {text or 'it said nothing more'}", "unreachable")
    return ServiceError(str(text or f"The service refused (HTTP {status})."), code)
