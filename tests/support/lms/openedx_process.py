"""Starts `openedx.py` in the environment that set-up made for it, and speaks with it as a browser and the tests do."""

from __future__ import annotations

import html
import os
import re
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tools.setup import layers, stamp

ROOT = Path(__file__).resolve().parents[3]
STARTED_WITHIN_S = 180.0


@dataclass(frozen=True)
class Tool:
    """A tool in the platform's course, as the platform tells what is to be registered."""

    number: int
    client_id: str
    deployment_id: str
    keyset_url: str
    oidc_callback: str
    token_url: str


@dataclass(frozen=True)
class OpenEdx:
    url: str
    http: httpx.Client

    def add_tool(self, login: str, launch: str, keys: str) -> Tool:
        return Tool(**self._ask("tool", {"login": login, "launch": launch, "keys": keys}))

    def begin(self, tool: Tool, user: str, role: str, *, choosing: bool) -> str:
        """Where a click on the tool's link, or (choosing) on "select content", leads."""
        asked = {"tool": tool.number, "user": user, "role": role, "choosing": choosing}
        return str(self._ask("begin", asked)["url"])

    def authorise(self, url: str) -> dict[str, str]:
        """The form that the platform's page sends to the tool by itself."""
        answer = self.http.get(url)
        assert answer.status_code == 200, answer.text
        fields = re.findall(r'<input name="([^"]*)" value="([^"]*)"', answer.text)
        return {name: html.unescape(value) for name, value in fields}

    def kept(self, tool: Tool) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.url}/test/kept", params={"tool": tool.number}).json()
        return found

    def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(f"{self.url}/test/{what}", json=body)
        assert answer.status_code == 200, answer.text[-2000:]
        found: dict[str, Any] = answer.json()
        return found


def missing() -> str:
    """Why the platform cannot be started; "": it can."""
    if layers.platform_is_current(ROOT):
        return ""
    name = layers.PLATFORM
    return (
        f"requirements/{name}.txt is not installed; `make setup-dev` does it, and why it could not is in "
        f".kernels/setup-{name}.log"
    )


@contextmanager
def running(folder: Path) -> Iterator[OpenEdx]:
    """`folder` takes what it says on standard error."""
    python = stamp.python(layers.platform_place(ROOT))
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    command = [str(python), "-I", str(ROOT / "tests/support/lms/openedx.py")]
    said = folder / "openedx.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=kept, cwd=folder, text=True
        )
    with process:
        try:
            assert process.stdout is not None
            ready, _, _ = select.select([process.stdout], [], [], STARTED_WITHIN_S)
            url = process.stdout.readline().strip() if ready else ""
            assert url, f"the platform did not start:\n{said.read_text()[-3000:]}"
            with httpx.Client(timeout=120, trust_env=False) as http:
                yield OpenEdx(url, http)
        finally:
            process.kill()
