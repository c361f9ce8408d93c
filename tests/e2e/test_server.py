"""The web server as a process."""

from __future__ import annotations

import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.e2e.conftest import Visit
from tests.e2e.service import running_service
from tests.unit.web.world import submit


def test_it_stops_at_once_though_students_are_watching(chromium: Browser) -> None:
    with running_service() as service:
        submission = submit(service.world, "sam").id
        visit = Visit(chromium, service).sign_in("sam")
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in visit.context.cookies())
        visit.context.close()
        with closing(HTTPConnection(urlsplit(service.url).netloc, timeout=20)) as watching:
            watching.request("GET", f"/submissions/{submission}/events", headers={"Cookie": cookie})
            answer = watching.getresponse()
            assert answer.readline().startswith(b"retry")
            began = time.monotonic()
            service.web.terminate()
            service.web.wait(20)
            assert time.monotonic() - began < 5
