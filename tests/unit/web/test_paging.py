"""Pages of lists that nobody's list has."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import Browser
from tests.unit.web.world import SLUG

COURSE = "/courses/dl-2026"
PAGE = f"{COURSE}/assignments/{SLUG}"
FAR = ("-1", "abc", "99999999999999999999", "9" * 400)


def test_a_page_far_behind_the_end_is_empty(ida: Browser) -> None:
    lists = (f"{COURSE}/gradebook", f"{COURSE}/regrades?show=all", f"{PAGE}/submissions", f"{PAGE}/similarity")
    for address in (*lists, f"{PAGE}/platform-grades"):
        for page in FAR:
            found = ida.client.get(f"{address}{'&' if '?' in address else '?'}page={page}")
            assert found.status_code == 200, (address, page)


@pytest.mark.parametrize("days", ["since=0001-01-01&until=9999-12-31", "since=9999-12-31"])
def test_the_audit_log_has_ends(admin: Browser, days: str) -> None:
    assert admin.client.get(f"/admin/audit?{days}").status_code == 200
    for page in FAR:
        assert admin.client.get(f"/admin/audit?{days}&page={page}").status_code == 200, page
