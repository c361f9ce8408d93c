"""The routes of policies, grades and results, and what everybody gets there; see test_access."""

from __future__ import annotations

from tests.unit.web.staff_routes import IN, PAGE, STAFF_OF_COURSE, Rows

INSTRUCTOR = (IN, 403, 403, 403, 303, 404)
REFUSED = (IN, 403, 403, 403, 422, 404)

PAGES: Rows = [
    ("student.task", "GET", f"{PAGE}/task", (IN, 200, 200, 200, 200, 404)),
    ("student.task_frame", "GET", f"{PAGE}/task/frame", (IN, 200, 200, 200, 200, 404)),
    ("student.late_token", "POST", f"{PAGE}/late-token", (IN, 409, 409, 403, 403, 404)),
    ("submission.choose", "POST", "/submissions/S/choose", (IN, 409, 404, 403, 403, 404)),
    ("policy.page", "GET", f"{PAGE}/policy", STAFF_OF_COURSE),
    ("policy.change", "POST", f"{PAGE}/policy", REFUSED),
    ("policy.extend", "POST", f"{PAGE}/policy/extensions", REFUSED),
    ("policy.revoke", "POST", f"{PAGE}/policy/extensions/nobody/revoke", (IN, 403, 403, 403, 404, 404)),
    ("policy.release", "POST", f"{PAGE}/policy/release", INSTRUCTOR),
]
OPERATIONS: Rows = []
