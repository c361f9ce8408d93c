"""A learning-management system on this machine: assignment and grade services over HTTP, by the rules of a gradebook.

What goes wrong is switched on by the tests: `script` holds answers that are given instead, `then` what happens to
requests that were carried out (nobody hears of it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.lms.gradebook import Answered, Column, Gradebook
from tests.support.loopback import Handler, serving

Scripted = tuple[int, dict[str, str], str]


@dataclass
class Platform:
    gradebook: Gradebook
    url: str = ""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)  # method, path with query, JSON
    script: list[Scripted] = field(default_factory=list)  # answers to the next scores, instead of ours
    line_item_script: list[Scripted] = field(default_factory=list)
    result_script: list[Scripted] = field(default_factory=list)
    silent: int = 0  # scores that are stored, and whose answer is never heard
    tokens: set[str] = field(default_factory=lambda: {"good"})
    tokens_given: int = 0
    filters: bool = True  # of results by user
    page_rows: int = 1000

    @property
    def line_items_url(self) -> str:
        return f"{self.url}/2/lineitems?type_id=3"

    def line_item_url(self, column: Column) -> str:
        return f"{self.url}/2/lineitems/{column.number}/lineitem?type_id=3"

    @property
    def scores(self) -> list[dict[str, Any]]:
        return [body for method, path, body in self.requests if method == "POST" and "/scores" in path]

    def expire_tokens(self) -> None:
        self.tokens.clear()


class _Handler(Handler):
    protocol_version = "HTTP/1.1"

    @property
    def platform(self) -> Platform:
        found: Platform = self.server.platform
        return found

    def do_GET(self) -> None:
        self._handle("GET", None)

    def do_POST(self) -> None:
        raw = self.received()
        if urlsplit(self.path).path == "/token":
            return self._token()
        self._handle("POST", json.loads(raw or b"null"))
        return None

    def _token(self) -> None:
        platform = self.platform
        platform.tokens_given += 1
        token = f"token-{platform.tokens_given}"
        platform.tokens.add(token)
        self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": ""})

    def _handle(self, method: str, body: Any) -> None:
        platform, parts = self.platform, urlsplit(self.path)
        platform.requests.append((method, self.path, body))
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in platform.tokens:
            return self._answer(401, {"error": "invalid_token"})
        if "type_id=3" not in parts.query:  # Moodle's addresses have a query, and are nothing without it
            return self._answer(404)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        steps = parts.path.strip("/").split("/")
        if steps[-1] == "lineitems":
            return self._line_items(method, body, query)
        column = platform.gradebook.columns.get(int(steps[2])) if len(steps) > 3 else None
        if column is None:
            return self._answer(404)
        if steps[-1] == "lineitem" and method == "GET":
            return self._answer(200, self._line_item(column))
        if steps[-1] == "scores" and method == "POST":
            return self._score(column, body)
        if steps[-1] == "results" and method == "GET":
            return self._results(column, query)
        return self._answer(405)

    def _line_items(self, method: str, body: Any, query: dict[str, str]) -> None:
        platform = self.platform
        if platform.line_item_script:
            return self._scripted(platform.line_item_script.pop(0))
        if method == "POST":
            return self._answer(201, self._line_item(platform.gradebook.add(**body)))
        rows = [self._line_item(column) for column in platform.gradebook.columns.values()]
        return self._page(rows, query)

    def _line_item(self, column: Column) -> dict[str, Any]:
        return {**column.body, "id": self.platform.line_item_url(column)}

    def _score(self, column: Column, body: Any) -> None:
        platform = self.platform
        if platform.script:
            return self._scripted(platform.script.pop(0))
        answered: Answered = platform.gradebook.post(column, body)
        if platform.silent:
            platform.silent -= 1
            self.close_connection = True
            return None
        return self._answer(answered.status, answered.body)

    def _results(self, column: Column, query: dict[str, str]) -> None:
        platform = self.platform
        if platform.result_script:
            return self._scripted(platform.result_script.pop(0))
        rows = [platform.gradebook.result(column, user, cell) for user, cell in column.cells.items()]
        wanted = query.get("user_id") if platform.filters else None
        return self._page([row for row in rows if row is not None and wanted in (None, row["userId"])], query)

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> None:
        size = min(int(query.get("limit", 1000)), self.platform.page_rows)
        start = int(query.get("from", 0))
        headers = {}
        if start + size < len(rows):
            base = self.path.split("&from=")[0]
            # Moodle's own quotes.
            headers["Link"] = f"<{self.platform.url}{base}&from={start + size}>; rel=“next”"
        self._answer(200, rows[start : start + size], headers)

    def _scripted(self, scripted: Scripted) -> None:
        status, headers, text = scripted
        self.answer(status, headers, text.encode())

    def _answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        self.answer(status, headers or {}, b"" if body is None else json.dumps(body).encode())

    def send_header(self, keyword: str, value: str) -> None:
        """In UTF-8, which the base class cannot: for Moodle's quotes."""
        self._headers_buffer.append(f"{keyword}: {value}\r\n".encode())  # type: ignore[attr-defined]


@contextmanager
def running(gradebook: Gradebook) -> Iterator[Platform]:
    platform = Platform(gradebook)
    with serving(_Handler, platform=platform) as platform.url:
        yield platform
