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
# The assignment of these tests has no question that people mark: whoever may know that is told so.
NO_QUESTION = (IN, 403, 403, 404, 404, 404)
API_NO_QUESTION = (401, 403, 403, 404, 404, 404)
API_WRITE = (401, 403, 403, 422, 422, 404)  # without a body

PAGES: Rows = [
    ("dashboard.course", "GET", f"{COURSE}/dashboard", STAFF_OF_COURSE),
    ("dashboard.course_csv", "GET", f"{COURSE}/dashboard/days.csv", STAFF_OF_COURSE),
    ("dashboard.assignment", "GET", f"{PAGE}/dashboard", STAFF_OF_COURSE),
    ("marking.overview", "GET", f"{PAGE}/marking", STAFF_OF_COURSE),
    ("marking.answers", "GET", f"{PAGE}/marking/none", NO_QUESTION),
    ("marking.next_answer", "GET", f"{PAGE}/marking/none/next", NO_QUESTION),
    ("marking.answer", "GET", f"{PAGE}/marking/none/answers/S", NO_QUESTION),
    ("marking.answer_send", "POST", f"{PAGE}/marking/none/answers/S", NO_QUESTION),
    ("marking.second_send", "POST", f"{PAGE}/marking/none/answers/S/second", NO_QUESTION),
    ("marking.sample", "GET", f"{PAGE}/marking/none/sample", NO_QUESTION),
    ("marking.rubric", "GET", f"{PAGE}/marking/none/rubric", NO_QUESTION),
    ("marking.rubric_send", "POST", f"{PAGE}/marking/none/rubric", NO_QUESTION),
    ("dashboard.assignment_csv", "GET", f"{PAGE}/dashboard/checks.csv", STAFF_OF_COURSE),
]
OPERATIONS: Rows = [
    ("v1.course_dashboard", "GET", f"{API}/courses/dl-2026/dashboard", API_STAFF),
    ("v1.marking_work", "GET", f"{API}/assignments/{SLUG}/marking/none?course=dl-2026", API_NO_QUESTION),
    ("v1.marking_rubric", "GET", f"{API}/assignments/{SLUG}/marking/none/rubric?course=dl-2026", API_NO_QUESTION),
    ("v1.marking_rubric_set", "PUT", f"{API}/assignments/{SLUG}/marking/none/rubric?course=dl-2026", API_WRITE),
    ("v1.mark", "PUT", f"{API}/submissions/S/marks/none", (401, 403, 404, 422, 422, 404)),
    ("v1.assignment_dashboard", "GET", f"{API}/assignments/{SLUG}/dashboard?course=dl-2026", API_STAFF),
]
