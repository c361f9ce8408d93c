"""axe finds nothing serious or critical on any page, for students and for staff."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python import sync_playwright as axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Visit
from tests.e2e.service import Service
from tests.unit.web.world import SLUG, finish, notebook, submit

ASSIGNMENT = f"/courses/dl-2026/assignments/{SLUG}"
SCRIPT = Path(axe.__file__).with_name("axe.min.js")
WORST = ("serious", "critical")


def problems(page: Page) -> list[str]:
    page.evaluate(SCRIPT.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in WORST
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_a_serious_problem(chromium: Browser, service: Service, visits: list[Visit], width: int) -> None:
    done = submit(service.world, "sam", notebook("d = 1")).id
    finish(service.world, done)
    waiting = submit(service.world, "sam", notebook("w = 1")).id
    cell = f"/courses/dl-2026/gradebook/{SLUG}/{service.world.people['sam'].id}"
    pages = {
        None: ("/sign-in",),
        "sam": (
            "/",
            "/courses/dl-2026/grades",
            ASSIGNMENT,
            f"{ASSIGNMENT}/task",
            f"/submissions/{waiting}",
            f"/submissions/{done}",
            "/account/tokens",
            "/nowhere",
        ),
        "ida": (
            "/",
            f"{ASSIGNMENT}/submissions",
            f"{ASSIGNMENT}/submissions/rerun",
            f"{ASSIGNMENT}/policy",
            f"{ASSIGNMENT}/groups",
            "/courses/dl-2026/gradebook",
            "/courses/dl-2026/gradebook/total",
            "/courses/dl-2026/gradebook-files",
            "/courses/dl-2026/incoming",
            "/courses/dl-2026/lti",
            cell,
            f"/submissions/{done}",
            "/courses/dl-2026/dashboard",
            f"{ASSIGNMENT}/dashboard",
        ),
    }
    found = {}
    for who, paths in pages.items():
        visits.append(Visit(chromium, service, width=width))
        if who is not None:
            visits[-1].sign_in(who)
        for path in paths:
            page = visits[-1].open(path)
            if wrong := problems(page):
                found[who, path] = wrong
            assert visits[-1].overflow_px() <= 0, (who, path)
    assert not found
