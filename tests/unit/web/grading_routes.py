"""The routes of policies, grades and results, and what everybody gets there; see test_access."""

from __future__ import annotations

from tests.unit.web.staff_routes import API, API_STAFF, COURSE, IN, PAGE, STAFF_OF_COURSE, Rows
from tests.unit.web.world import SLUG

INSTRUCTOR = (IN, 403, 403, 403, 303, 404)
READER = (IN, 200, 404, 200, 200, 404)
REFUSED = (IN, 403, 403, 403, 422, 404)

PAGES: Rows = [
    ("student.task", "GET", f"{PAGE}/task", (IN, 200, 200, 200, 200, 404)),
    ("student.task_frame", "GET", f"{PAGE}/task/frame", (IN, 200, 200, 200, 200, 404)),
    ("student.late_token", "POST", f"{PAGE}/late-token", (IN, 409, 409, 403, 403, 404)),
    ("submission.run_superseded", "POST", "/submissions/S/run", (IN, 409, 404, 403, 403, 404)),
    ("submission.choose", "POST", "/submissions/S/choose", (IN, 409, 404, 403, 403, 404)),
    ("submission.executed", "GET", "/submissions/S/executed", (IN, 404, 404, 404, 404, 404)),
    ("submission.executed_file", "GET", "/submissions/S/executed.ipynb", (IN, 404, 404, 404, 404, 404)),
    ("submission.receipt", "GET", "/submissions/S/receipt.json", READER),
    ("submission.report_json", "GET", "/submissions/S/report.json", READER),
    ("submission.report_html", "GET", "/submissions/S/report.html", READER),
    ("comments.add", "POST", "/submissions/S/comments", (IN, 403, 404, 422, 422, 404)),
    ("comments.change", "POST", "/submissions/S/comments/none", (IN, 403, 404, 422, 422, 404)),
    ("health.keep_blob", "PUT", "/internal/blobs/forged", (413, 413, 413, 413, 413, 413)),
    ("gradebook.page", "GET", f"{COURSE}/gradebook", STAFF_OF_COURSE),
    ("gradebook.many", "POST", f"{COURSE}/gradebook", REFUSED),
    ("course_total.page", "GET", f"{COURSE}/gradebook/total", STAFF_OF_COURSE),
    ("course_total.change", "POST", f"{COURSE}/gradebook/total", (IN, 403, 403, 403, 409, 404)),
    ("course_total.own", "GET", f"{COURSE}/grades", (IN, 200, 200, 302, 302, 404)),
    ("gradebook.csv", "GET", f"{COURSE}/gradebook.csv", STAFF_OF_COURSE),
    ("gradebook.cell", "GET", f"{COURSE}/gradebook/{SLUG}/nobody", (IN, 403, 403, 404, 404, 404)),
    ("gradebook.decide", "POST", f"{COURSE}/gradebook/{SLUG}/nobody", (IN, 403, 403, 404, 404, 404)),
    ("groups.page", "GET", f"{PAGE}/groups", STAFF_OF_COURSE),
    ("groups.csv", "GET", f"{PAGE}/groups.csv", STAFF_OF_COURSE),
    ("groups.rules", "POST", f"{PAGE}/groups/rules", REFUSED),
    ("groups.put", "POST", f"{PAGE}/groups", (IN, 403, 403, 403, 409, 404)),
    ("groups.own", "POST", f"{PAGE}/own-group", (IN, 303, 303, 403, 403, 404)),
    ("policy.page", "GET", f"{PAGE}/policy", STAFF_OF_COURSE),
    ("policy.change", "POST", f"{PAGE}/policy", REFUSED),
    ("policy.extend", "POST", f"{PAGE}/policy/extensions", REFUSED),
    ("policy.revoke", "POST", f"{PAGE}/policy/extensions/nobody/revoke", (IN, 403, 403, 403, 404, 404)),
    ("policy.release", "POST", f"{PAGE}/policy/release", INSTRUCTOR),
]
RULES = f"{API}/assignments/{SLUG}"
QUERY = "?course=dl-2026"
API_INSTRUCTOR = (401, 403, 403, 403, 400, 404)  # the request has no body
CELL = f"{API}{COURSE}/gradebook/{SLUG}/nobody"
OPERATIONS: Rows = [
    ("v1.policy", "GET", f"{RULES}/policy{QUERY}", (401, 200, 200, 200, 200, 404)),
    ("v1.set_policy", "PUT", f"{RULES}/policy{QUERY}", API_INSTRUCTOR),
    ("v1.extend", "PUT", f"{RULES}/extensions{QUERY}", API_INSTRUCTOR),
    ("v1.late_token", "POST", f"{RULES}/late-tokens{QUERY}", (401, 409, 409, 403, 403, 404)),
    ("v1.release", "PUT", f"{RULES}/release{QUERY}", API_INSTRUCTOR),
    ("v1.assignment_groups", "GET", f"{RULES}/groups{QUERY}", API_STAFF),
    ("v1.set_groups", "PUT", f"{RULES}/groups{QUERY}", API_INSTRUCTOR),
    ("v1.set_group_rules", "PUT", f"{RULES}/groups/rules{QUERY}", API_INSTRUCTOR),
    ("v1.own_group", "GET", f"{RULES}/own-group{QUERY}", (401, 200, 200, 403, 403, 404)),
    ("v1.change_own_group", "PUT", f"{RULES}/own-group{QUERY}", (401, 400, 400, 403, 403, 404)),
    ("v1.gradebook", "GET", f"{API}{COURSE}/gradebook", API_STAFF),
    ("v1.total_rule", "GET", f"{API}{COURSE}/total-rule", (401, 200, 200, 200, 200, 404)),
    ("v1.set_total_rule", "PUT", f"{API}{COURSE}/total-rule", API_INSTRUCTOR),
    ("v1.own_course_grades", "GET", f"{API}{COURSE}/grades", (401, 200, 200, 403, 403, 404)),
    ("v1.decide", "PUT", CELL, (401, 403, 403, 400, 400, 404)),
    ("v1.choose", "POST", f"{API}/submissions/S/choose", (401, 409, 404, 403, 403, 404)),
    ("v1.run_superseded", "POST", f"{API}/submissions/S/run", (401, 409, 404, 403, 403, 404)),
    ("v1.add_comment", "POST", f"{API}/submissions/S/comments", (401, 403, 404, 400, 400, 404)),
    ("v1.edit_comment", "PUT", f"{API}/submissions/S/comments/none", (401, 403, 404, 400, 400, 404)),
    ("v1.remove_comment", "DELETE", f"{API}/submissions/S/comments/none", (401, 403, 404, 404, 404, 404)),
    ("v1.receipt", "GET", f"{API}/submissions/S/receipt", (401, 200, 404, 200, 200, 404)),
    ("v1.receipt_key", "GET", f"{API}/receipt-key", (200, 200, 200, 200, 200, 200)),
]
