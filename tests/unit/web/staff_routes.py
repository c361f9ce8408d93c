"""The routes of teaching staff and administrators, and what everybody gets there; see test_access."""

from __future__ import annotations

from tests.unit.web.world import SLUG

Rows = list[tuple[str, str, str, tuple[int, ...]]]

IN = 302
COURSE = "/courses/dl-2026"
PAGE = f"{COURSE}/assignments/{SLUG}"
STAFF_OF_COURSE = (IN, 403, 403, 200, 200, 404)
API = "/api/v1"
API_STAFF = (401, 403, 403, 200, 200, 404)

PAGES: Rows = [
    ("dashboard.course", "GET", f"{COURSE}/dashboard", STAFF_OF_COURSE),
    ("dashboard.course_csv", "GET", f"{COURSE}/dashboard/days.csv", STAFF_OF_COURSE),
    ("dashboard.assignment", "GET", f"{PAGE}/dashboard", STAFF_OF_COURSE),
    ("dashboard.assignment_csv", "GET", f"{PAGE}/dashboard/checks.csv", STAFF_OF_COURSE),
]
OPERATIONS: Rows = [
    ("v1.course_dashboard", "GET", f"{API}/courses/dl-2026/dashboard", API_STAFF),
    ("v1.assignment_dashboard", "GET", f"{API}/assignments/{SLUG}/dashboard?course=dl-2026", API_STAFF),
]
