from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.service import Service, running_service
from tests.unit.web.world import PASSWORD

# As root Chromium cannot sandbox itself; the rest keeps it from calling its maker's servers.
OPTIONS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


def chromium_path() -> str | None:
    named = os.environ.get("CHROMIUM", "")
    if named:
        return named if os.path.exists(named) else None
    return next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium here: install the package chromium, or name its executable in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(chromium: Browser) -> Iterator[Service]:
    with running_service() as service:
        yield service


class Visit:
    """One person at one browser window. Whatever the page complains of, or fetches elsewhere, fails the test."""

    def __init__(self, browser: Browser, service: Service, *, width: int = 1280, **options: object) -> None:
        self.base = service.url
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        if getattr(message, "type", "") == "error" and "the server responded with a status" not in text:
            self.complaints.append(f"console: {text}")

    def _request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.base, "data:")):
            self.complaints.append(f"fetched from elsewhere: {url}")

    def sign_in(self, name: str) -> Visit:
        self.page.goto(f"{self.base}/sign-in")
        self.page.get_by_label("E-mail address").fill(f"{name}@example.org")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.base}/")
        return self

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def overflow_px(self) -> int:
        """By how much the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.fixture
def visits(chromium: Browser, service: Service) -> Iterator[list[Visit]]:
    """Windows opened in the test; afterwards none may have complained."""
    opened: list[Visit] = []
    yield opened
    complaints = [text for visit in opened for text in visit.complaints]
    for visit in opened:
        visit.context.close()
    assert not complaints


@pytest.fixture
def student(chromium: Browser, service: Service, visits: list[Visit]) -> Visit:
    visits.append(Visit(chromium, service))
    return visits[-1].sign_in("sam")


@pytest.fixture
def instructor(chromium: Browser, service: Service, visits: list[Visit]) -> Visit:
    visits.append(Visit(chromium, service))
    return visits[-1].sign_in("ida")
