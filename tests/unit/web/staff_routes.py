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
# Nobody of these tests runs the service; what administrators get is in test_admin.
ADMIN = (IN, 403, 403, 403, 403, 403)
API_ADMIN = (401, 403, 403, 403, 403, 403)
API_WRITE = (401, 403, 403, 400, 400, 404)  # without a body

# The assignment of these tests has no leaderboard; those that have one are in test_leaderboard.
NO_BOARD = (IN, 404, 404, 404, 404, 404)
API_NO_BOARD = (401, 404, 404, 404, 404, 404)
API_JOIN = (401, 400, 400, 403, 403, 404)  # without a body
API_LEAVE = (401, 204, 204, 403, 403, 404)

NO_WEBHOOK = (IN, 403, 403, 403, 404, 404)
API_NO_WEBHOOK = (401, 403, 403, 403, 404, 404)
PLATFORM = f"{API}/assignments/{SLUG}/platform-grades"
API_SENT = (401, 403, 403, 202, 202, 404)
API_WEBHOOK = (401, 403, 403, 403, 400, 404)  # without a body

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
    ("packages.listed", "GET", f"{COURSE}/assignments", STAFF_OF_COURSE),
    ("packages.give", "POST", f"{COURSE}/assignments", (IN, 403, 403, 403, 404, 404)),
    ("packages.one", "GET", f"{PAGE}/package", STAFF_OF_COURSE),
    ("packages.try_cases", "POST", f"{PAGE}/package/cases", (IN, 403, 403, 303, 303, 404)),
    ("packages.points", "POST", f"{PAGE}/package/points", (IN, 403, 403, 403, 409, 404)),
    ("packages.show", "POST", f"{PAGE}/package/shown", (IN, 403, 403, 403, 303, 404)),
    ("packages.difference", "GET", f"{PAGE}/package/versions/1", NO_QUESTION),  # there is none before
    ("invitations.invite", "POST", f"{COURSE}/people/invitations", (IN, 403, 403, 403, 422, 404)),
    ("invitations.take_back", "POST", f"{COURSE}/people/invitations/none", (IN, 403, 403, 403, 404, 404)),
    ("invitations.look", "GET", "/invitations/none", (410,) * 6),
    ("invitations.accept", "POST", "/invitations/none", (410,) * 6),
    ("regrades.ask", "GET", "/submissions/S/regrade/none", (IN, 409, 404, 409, 409, 404)),
    ("regrades.ask_send", "POST", "/submissions/S/regrade/none", (IN, 409, 404, 403, 403, 404)),
    ("regrades.withdraw", "POST", "/submissions/S/regrade/none/withdraw", (IN, 409, 404, 403, 403, 404)),
    ("regrades.requests", "GET", f"{COURSE}/regrades", STAFF_OF_COURSE),
    ("regrades.one", "GET", f"{COURSE}/regrades/none", NO_QUESTION),
    ("regrades.one_send", "POST", f"{COURSE}/regrades/none", NO_QUESTION),
    ("trials.trials", "GET", f"{PAGE}/trials", STAFF_OF_COURSE),
    ("trials.begin", "POST", f"{PAGE}/trials", (IN, 403, 403, 422, 422, 404)),
    ("trials.one", "GET", f"{PAGE}/trials/none", NO_QUESTION),
    ("trials.changes_csv", "GET", f"{PAGE}/trials/none/changes.csv", NO_QUESTION),
    ("trials.apply", "POST", f"{PAGE}/trials/none/apply", NO_QUESTION),
    ("trials.drop", "POST", f"{PAGE}/trials/none/drop", NO_QUESTION),
    ("trials.compare", "GET", "/submissions/S/compare", (IN, 403, 404, 404, 404, 404)),
    ("leaderboard.page", "GET", f"{PAGE}/leaderboard", NO_BOARD),
    ("leaderboard.csv", "GET", f"{PAGE}/leaderboard/distribution.csv", NO_BOARD),
    ("leaderboard.join", "POST", f"{PAGE}/leaderboard", (IN, 404, 404, 403, 403, 404)),
    ("leaderboard.leave", "POST", f"{PAGE}/leaderboard/leave", (IN, 303, 303, 403, 403, 404)),
    ("leaderboard.take_name", "POST", f"{PAGE}/leaderboard/none/take-name", NO_QUESTION),
    ("similarity.overview", "GET", f"{PAGE}/similarity", STAFF_OF_COURSE),
    ("similarity.begin", "POST", f"{PAGE}/similarity", (IN, 403, 403, 409, 409, 404)),
    ("similarity.pair", "GET", f"{PAGE}/similarity/none", NO_QUESTION),
    ("similarity.decide", "POST", f"{PAGE}/similarity/none", NO_QUESTION),
    ("lms_sync.course", "GET", f"{COURSE}/platform-grades", STAFF_OF_COURSE),
    ("lms_sync.drafts", "POST", f"{COURSE}/platform-grades/none/drafts", NO_WEBHOOK),
    ("lms_sync.grades", "GET", f"{PAGE}/platform-grades", STAFF_OF_COURSE),
    ("lms_sync.send_failed", "POST", f"{PAGE}/platform-grades/send", (IN, 403, 403, 303, 303, 404)),
    ("lms_sync.send", "POST", f"{PAGE}/platform-grades/none/send", NO_QUESTION),
    ("admin.overview", "GET", "/admin", ADMIN),
    ("admin.pause", "POST", "/admin/queues/cpu/pause", ADMIN),
    ("admin.resume", "POST", "/admin/queues/cpu/resume", ADMIN),
    ("admin.retry_all", "POST", "/admin/failed/retry", ADMIN),
    ("admin.retry", "POST", "/admin/failed/S/retry", ADMIN),
    ("admin.quarantine", "POST", "/admin/failed/S/quarantine", ADMIN),
    ("admin.release", "POST", "/admin/quarantine/S/release", ADMIN),
    ("admin.drain", "POST", "/admin/workers/cpu/drain", ADMIN),
    ("admin.resume_worker", "POST", "/admin/workers/cpu/resume", ADMIN),
    ("admin.audit", "GET", "/admin/audit", ADMIN),
    ("queue_terms.show", "GET", "/admin/courses", ADMIN),
    ("queue_terms.change", "POST", "/admin/courses/dl-2026/queue-terms", ADMIN),
    ("retention.show", "GET", "/admin/files", ADMIN),
    ("retention.change", "POST", "/admin/files", ADMIN),
    ("retention.apply", "POST", "/admin/files/apply", ADMIN),
    ("admin.prometheus", "GET", "/admin/metrics", (401,) * 6),  # for tokens alone
    ("grade_files.page", "GET", f"{COURSE}/gradebook-files", STAFF_OF_COURSE),
    ("grade_files.export", "GET", f"{COURSE}/gradebook-files/canvas.csv", STAFF_OF_COURSE),
    ("grade_files.take", "POST", f"{COURSE}/gradebook-files", (IN, 403, 403, 403, 422, 404)),
    ("incoming.listed", "GET", f"{COURSE}/incoming", (IN, 403, 403, 403, 200, 404)),
    ("incoming.add", "POST", f"{COURSE}/incoming", (IN, 403, 403, 403, 422, 404)),
    ("incoming.one", "GET", f"{COURSE}/incoming/none", NO_WEBHOOK),
    ("incoming.rotate", "POST", f"{COURSE}/incoming/none/rotate", NO_WEBHOOK),
    ("incoming.change", "POST", f"{COURSE}/incoming/none/disable", NO_WEBHOOK),
    ("people.people", "GET", f"{COURSE}/people", STAFF_OF_COURSE),
    ("people.change", "POST", f"{COURSE}/people/none", (IN, 403, 403, 403, 422, 404)),
    ("people.roster", "POST", f"{COURSE}/people/roster", (IN, 403, 403, 403, 422, 404)),
    ("viewing.begin", "POST", f"{COURSE}/view-as/none", (IN, 403, 403, 403, 404, 404)),
    ("viewing.assistants", "POST", f"{COURSE}/view-as", (IN, 403, 403, 403, 303, 404)),
    ("viewing.stop", "POST", "/view-as/stop", (303,) * 6),
    ("viewing.choose", "GET", "/admin/view-as", ADMIN),
    ("dashboard.assignment_csv", "GET", f"{PAGE}/dashboard/checks.csv", STAFF_OF_COURSE),
    ("webhooks.endpoints", "GET", f"{COURSE}/webhooks", (IN, 403, 403, 403, 200, 404)),
    ("webhooks.add", "POST", f"{COURSE}/webhooks", (IN, 403, 403, 403, 422, 404)),
    ("webhooks.one", "GET", f"{COURSE}/webhooks/none", NO_WEBHOOK),
    ("webhooks.ping", "POST", f"{COURSE}/webhooks/none/ping", NO_WEBHOOK),
    ("webhooks.rotate", "POST", f"{COURSE}/webhooks/none/rotate", NO_WEBHOOK),
    ("webhooks.change", "POST", f"{COURSE}/webhooks/none/disable", NO_WEBHOOK),
    ("webhooks.redeliver", "POST", f"{COURSE}/webhooks/none/deliveries/none", NO_WEBHOOK),
    ("webhooks.redeliver_since", "POST", f"{COURSE}/webhooks/none/redeliver", NO_WEBHOOK),
    ("webhooks.endpoints", "GET", "/admin/webhooks", ADMIN),
    ("webhooks.one", "GET", "/admin/webhooks/none", ADMIN),
    ("webhooks.add", "POST", "/admin/webhooks", ADMIN),
]
OPERATIONS: Rows = [
    ("v1.course_dashboard", "GET", f"{API}/courses/dl-2026/dashboard", API_STAFF),
    ("v1.marking_work", "GET", f"{API}/assignments/{SLUG}/marking/none?course=dl-2026", API_NO_QUESTION),
    ("v1.marking_rubric", "GET", f"{API}/assignments/{SLUG}/marking/none/rubric?course=dl-2026", API_NO_QUESTION),
    ("v1.marking_rubric_set", "PUT", f"{API}/assignments/{SLUG}/marking/none/rubric?course=dl-2026", API_WRITE),
    ("v1.mark", "PUT", f"{API}/submissions/S/marks/none", (401, 403, 404, 400, 400, 404)),
    ("v1.ask_regrade", "POST", f"{API}/submissions/S/regrades/none", (401, 400, 404, 400, 400, 404)),
    ("v1.submission_regrades", "GET", f"{API}/submissions/S/regrades", (401, 200, 404, 200, 200, 404)),
    ("v1.course_regrades", "GET", f"{API}/courses/dl-2026/regrades", API_STAFF),
    ("v1.answer_regrade", "POST", f"{API}/courses/dl-2026/regrades/none/answer", API_WRITE),
    ("v1.begin_trial", "POST", f"{API}/assignments/{SLUG}/trials?course=dl-2026", API_WRITE),
    ("v1.trial", "GET", f"{API}/assignments/{SLUG}/trials/none?course=dl-2026", API_NO_QUESTION),
    ("v1.apply_trial", "POST", f"{API}/assignments/{SLUG}/trials/none/apply?course=dl-2026", API_NO_QUESTION),
    ("v1.drop_trial", "POST", f"{API}/assignments/{SLUG}/trials/none/drop?course=dl-2026", API_NO_QUESTION),
    ("v1.leaderboard", "GET", f"{API}/assignments/{SLUG}/leaderboard?course=dl-2026", API_NO_BOARD),
    ("v1.join_leaderboard", "PUT", f"{API}/assignments/{SLUG}/leaderboard/name?course=dl-2026", API_JOIN),
    ("v1.leave_leaderboard", "DELETE", f"{API}/assignments/{SLUG}/leaderboard/name?course=dl-2026", API_LEAVE),
    (
        "v1.take_leaderboard_name",
        "DELETE",
        f"{API}/assignments/{SLUG}/leaderboard/names/x?course=dl-2026",
        API_NO_QUESTION,
    ),
    ("v1.similarity", "GET", f"{API}/assignments/{SLUG}/similarity?course=dl-2026", API_STAFF),
    ("v1.begin_comparison", "POST", f"{API}/assignments/{SLUG}/similarity?course=dl-2026", API_WRITE),
    ("v1.decide_pair", "PUT", f"{API}/assignments/{SLUG}/similarity/none?course=dl-2026", API_WRITE),
    ("v1.admin_queues", "GET", f"{API}/admin/queues", API_ADMIN),
    ("v1.admin_pause", "PUT", f"{API}/admin/queues/cpu", API_ADMIN),
    ("v1.admin_queue_terms", "GET", f"{API}/admin/courses/dl-2026/queue-terms", API_ADMIN),
    ("v1.admin_set_queue_terms", "PUT", f"{API}/admin/courses/dl-2026/queue-terms", API_ADMIN),
    ("v1.admin_failed", "GET", f"{API}/admin/failed", API_ADMIN),
    ("v1.admin_retry", "POST", f"{API}/admin/failed/retry", API_ADMIN),
    ("v1.admin_workers", "GET", f"{API}/admin/workers", API_ADMIN),
    ("v1.admin_drain", "PUT", f"{API}/admin/workers/cpu", API_ADMIN),
    ("v1.admin_quarantine", "GET", f"{API}/admin/quarantine", API_ADMIN),
    ("v1.admin_keep", "PUT", f"{API}/admin/quarantine/S", API_ADMIN),
    ("v1.admin_audit", "GET", f"{API}/admin/audit", API_ADMIN),
    ("v1.platforms_of_course", "GET", f"{API}{COURSE}/platform-grades", API_STAFF),
    ("v1.platform_drafts", "PUT", f"{API}{COURSE}/platform-grades/none/drafts", API_WEBHOOK),
    ("v1.platform_grades", "GET", f"{PLATFORM}?course=dl-2026", API_STAFF),
    ("v1.send_platform_grades", "POST", f"{PLATFORM}/send?course=dl-2026", API_SENT),
    ("v1.send_platform_grade", "POST", f"{PLATFORM}/none/send?course=dl-2026", API_NO_QUESTION),
    ("v1.export_grades", "GET", f"{API}{COURSE}/gradebook-files/moodle", API_STAFF),
    ("v1.import_grades", "POST", f"{API}{COURSE}/gradebook-files", (401, 403, 403, 403, 400, 404)),
    ("v1.hook", "POST", f"{API}/hooks/none", (404,) * 6),
    ("v1.incoming", "GET", f"{API}{COURSE}/incoming", (401, 403, 403, 403, 200, 404)),
    ("v1.add_sender", "POST", f"{API}{COURSE}/incoming", API_WEBHOOK),
    ("v1.enable_sender", "PUT", f"{API}{COURSE}/incoming/none/enabled", API_WEBHOOK),
    ("v1.remove_sender", "DELETE", f"{API}{COURSE}/incoming/none", API_NO_WEBHOOK),
    ("v1.rotate_sender", "POST", f"{API}{COURSE}/incoming/none/secret", API_WEBHOOK),
    ("v1.incoming_messages", "GET", f"{API}{COURSE}/incoming/none/messages", API_NO_WEBHOOK),
    ("v1.course_people", "GET", f"{API}/courses/dl-2026/people", API_STAFF),
    ("v1.import_roster", "POST", f"{API}/courses/dl-2026/people/roster", (401, 403, 403, 403, 400, 404)),
    ("v1.assignment_dashboard", "GET", f"{API}/assignments/{SLUG}/dashboard?course=dl-2026", API_STAFF),
    ("v1.webhooks", "GET", f"{API}{COURSE}/webhooks", (401, 403, 403, 403, 200, 404)),
    ("v1.add_webhook", "POST", f"{API}{COURSE}/webhooks", API_WEBHOOK),
    ("v1.enable_webhook", "PUT", f"{API}{COURSE}/webhooks/none/enabled", API_WEBHOOK),
    ("v1.remove_webhook", "DELETE", f"{API}{COURSE}/webhooks/none", API_NO_WEBHOOK),
    ("v1.rotate_webhook", "POST", f"{API}{COURSE}/webhooks/none/secret", API_WEBHOOK),
    ("v1.ping_webhook", "POST", f"{API}{COURSE}/webhooks/none/ping", API_NO_WEBHOOK),
    ("v1.webhook_deliveries", "GET", f"{API}{COURSE}/webhooks/none/deliveries", API_NO_WEBHOOK),
    ("v1.redeliver_webhook", "POST", f"{API}{COURSE}/webhooks/none/deliveries/none/redeliver", API_NO_WEBHOOK),
    ("v1.redeliver_webhooks", "POST", f"{API}{COURSE}/webhooks/none/redeliver", API_WEBHOOK),
    ("v1.webhooks", "GET", f"{API}/admin/webhooks", API_ADMIN),
    ("v1.add_webhook", "POST", f"{API}/admin/webhooks", API_ADMIN),
]
