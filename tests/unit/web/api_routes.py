"""Operations of the API that stand beside pages, and what everybody gets there; see test_access."""

from __future__ import annotations

from tests.unit.web.staff_routes import API, API_ADMIN, API_NO_QUESTION, API_STAFF, API_WEBHOOK, COURSE, Rows
from tests.unit.web.world import SLUG

ASSIGNMENT = f"{API}/assignments/{SLUG}"
HERE = "?course=dl-2026"

INSTRUCTOR = (401, 403, 403, 403, 200, 404)
INSTRUCTOR_NONE = (401, 403, 403, 403, 404, 404)
PLATFORMS = f"{API}/admin/platforms"

OPERATIONS: Rows = [
    ("v1.gradebook_cell", "GET", f"{API}{COURSE}/gradebook/{SLUG}/none", API_NO_QUESTION),
    ("v1.excuse_many", "POST", f"{ASSIGNMENT}/excuses{HERE}", API_WEBHOOK),
    ("v1.extend_many", "POST", f"{ASSIGNMENT}/extensions{HERE}", API_WEBHOOK),
    ("v1.revoke_extension", "DELETE", f"{ASSIGNMENT}/extensions/none{HERE}", INSTRUCTOR_NONE),
    ("v1.marking_next", "GET", f"{ASSIGNMENT}/marking/none/next{HERE}", API_NO_QUESTION),
    ("v1.viewers", "GET", f"{API}{COURSE}/view-as", API_STAFF),
    ("v1.set_viewers", "PUT", f"{API}{COURSE}/view-as", API_WEBHOOK),
    ("v1.admin_retention", "GET", f"{API}/admin/retention", API_ADMIN),
    ("v1.admin_set_retention", "PUT", f"{API}/admin/retention", API_ADMIN),
    ("v1.admin_apply_retention", "POST", f"{API}/admin/retention/apply", API_ADMIN),
    ("v1.platforms_listed", "GET", PLATFORMS, API_ADMIN),
    ("v1.add_platform", "POST", PLATFORMS, API_ADMIN),
    ("v1.invite_platform", "POST", f"{PLATFORMS}/invite", API_ADMIN),
    ("v1.rotate_platform_key", "POST", f"{PLATFORMS}/keys", API_ADMIN),
    ("v1.platform", "GET", f"{PLATFORMS}/none", API_ADMIN),
    ("v1.change_platform", "PUT", f"{PLATFORMS}/none", API_ADMIN),
    ("v1.admit_deployment", "POST", f"{PLATFORMS}/none/deployments", API_ADMIN),
    ("v1.enable_platform", "PUT", f"{PLATFORMS}/none/enabled", API_ADMIN),
    ("v1.connections", "GET", f"{API}{COURSE}/platforms", INSTRUCTOR),
    ("v1.fetch_roster", "POST", f"{API}{COURSE}/platforms/none/roster", INSTRUCTOR_NONE),
    ("v1.disconnect", "DELETE", f"{API}{COURSE}/platforms/none", INSTRUCTOR_NONE),
    ("v1.course_invitations", "GET", f"{API}{COURSE}/invitations", API_STAFF),
    ("v1.invite", "POST", f"{API}{COURSE}/invitations", API_WEBHOOK),
    ("v1.take_invitation_back", "DELETE", f"{API}{COURSE}/invitations/none", (401, 403, 403, 403, 404, 404)),
    ("v1.course_packages", "GET", f"{API}{COURSE}/packages", API_STAFF),
    ("v1.give_package", "POST", f"{API}{COURSE}/packages", API_WEBHOOK),
    ("v1.package", "GET", f"{ASSIGNMENT}/package{HERE}", API_STAFF),
    ("v1.try_cases", "POST", f"{ASSIGNMENT}/package/cases{HERE}", (401, 403, 403, 202, 202, 404)),
    ("v1.set_question_points", "PUT", f"{ASSIGNMENT}/package/points{HERE}", API_WEBHOOK),
    ("v1.show_assignment", "PUT", f"{ASSIGNMENT}/package/shown{HERE}", API_WEBHOOK),
    ("v1.version_difference", "GET", f"{ASSIGNMENT}/package/versions/1{HERE}", API_NO_QUESTION),
    ("v1.marking_questions", "GET", f"{ASSIGNMENT}/marking{HERE}", API_STAFF),
    ("v1.marking_sample", "GET", f"{ASSIGNMENT}/marking/none/sample{HERE}", API_NO_QUESTION),
    ("v1.second_mark", "PUT", f"{API}/submissions/S/marks/none/second", (401, 403, 404, 400, 400, 404)),
    ("v1.listed_trials", "GET", f"{ASSIGNMENT}/trials{HERE}", API_STAFF),
    ("v1.submitted_notebook", "GET", f"{API}/submissions/S/notebook", (401, 200, 404, 200, 200, 404)),
    ("v1.executed_notebook", "GET", f"{API}/submissions/S/executed", (401, 404, 404, 404, 404, 404)),  # none is kept
    ("v1.withdraw_regrade", "DELETE", f"{API}/submissions/S/regrades/none", (401, 409, 404, 403, 403, 404)),
    ("v1.change_person", "PUT", f"{API}{COURSE}/people/none", API_WEBHOOK),
    ("v1.admin_storage", "GET", f"{API}/admin/storage", API_ADMIN),
    ("v1.admin_environments", "GET", f"{API}/admin/environments", API_ADMIN),
]
