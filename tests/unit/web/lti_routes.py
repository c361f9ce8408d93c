"""The routes of learning platforms, and what everybody gets there; see test_access."""

from __future__ import annotations

from tests.unit.web.staff_routes import ADMIN, COURSE, IN, NO_WEBHOOK, Rows

REFUSED = (403,) * 6  # without a state or a ticket that fits
ENDED = (410,) * 6

PAGES: Rows = [
    ("lti.login", "GET", "/lti/login", REFUSED),
    ("lti.login", "POST", "/lti/login", REFUSED),
    ("lti.cookie", "GET", "/lti/cookie", (200,) * 6),
    ("lti.launch", "POST", "/lti/launch", REFUSED),
    ("lti.key_set", "GET", "/lti/keys", (200,) * 6),
    ("lti.go", "POST", "/lti/go", REFUSED),
    ("lti_choosing.again", "POST", "/lti/choose", REFUSED),
    ("lti_choosing.answer", "POST", "/lti/choose/answer", REFUSED),
    ("lti_registering.look", "GET", "/lti/register/none", ENDED),
    ("lti_registering.agree", "POST", "/lti/register/none", ENDED),
    ("lti_entering.welcome", "GET", "/lti/welcome", REFUSED),
    ("lti_entering.welcome_send", "POST", "/lti/welcome", REFUSED),
    ("lti_entering.connect", "GET", "/lti/connect", (IN, 403, 403, 403, 403, 403)),
    ("lti_entering.connect_send", "POST", "/lti/connect", (IN, 403, 403, 403, 403, 403)),
    ("lti_course.page", "GET", f"{COURSE}/lti", (IN, 403, 403, 403, 200, 404)),
    ("lti_course.roster", "POST", f"{COURSE}/lti/none/roster", NO_WEBHOOK),
    ("lti_course.unlink", "POST", f"{COURSE}/lti/none/unlink", NO_WEBHOOK),
    ("lti_admin.listed", "GET", "/admin/lti", ADMIN),
    ("lti_admin.invite", "POST", "/admin/lti/invite", ADMIN),
    ("lti_admin.add", "POST", "/admin/lti", ADMIN),
    ("lti_admin.one", "GET", "/admin/lti/none", ADMIN),
    ("lti_admin.change", "POST", "/admin/lti/none", ADMIN),
    ("lti_admin.admit", "POST", "/admin/lti/none/deployments", ADMIN),
    ("lti_admin.switch", "POST", "/admin/lti/none/disable", ADMIN),
    ("lti_admin.rotate", "POST", "/admin/lti/keys", ADMIN),
]
