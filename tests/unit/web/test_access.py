"""Every route, opened by everybody: one table says what each of them must get."""

from __future__ import annotations

import pytest
from flask import Flask

from grader.web import enforcing
from grader.web.enforcing import ASSETS
from tests.unit.web import api_routes, grading_routes, lti_routes, staff_routes
from tests.unit.web.conftest import Browser
from tests.unit.web.world import SLUG, World, finish, submit

WHO = ("nobody", "sam", "sue", "tom", "ida", "olga")
PAGE = f"/courses/dl-2026/assignments/{SLUG}"
IN = 302  # sent to the sign-in page

# endpoint, method, address: what nobody, sam (whose submission S is), sue, tom (assistant), ida and olga get
PAGES: list[tuple[str, str, str, tuple[int, ...]]] = [
    ("account.sign_in", "GET", "/sign-in", (200, 302, 302, 302, 302, 302)),
    ("account.sign_in_send", "POST", "/sign-in", (422, 422, 422, 422, 422, 422)),
    ("single_sign_on.begin", "GET", "/sign-in/provider", (404,) * 6),  # where no provider was set up
    ("single_sign_on.back", "GET", "/sign-in/back", (404,) * 6),
    ("single_sign_on.leave", "GET", "/sign-out/provider", (404,) * 6),
    ("student.home", "GET", "/", (IN, 200, 200, 200, 200, 200)),
    ("student.assignment", "GET", PAGE, (IN, 200, 200, 200, 200, 404)),
    ("student.submit", "POST", PAGE, (IN, 422, 422, 422, 422, 404)),
    ("student.starter", "GET", f"{PAGE}/starter.ipynb", (IN, 200, 200, 200, 200, 404)),
    ("tokens.page", "GET", "/account/tokens", (IN, 200, 200, 200, 200, 200)),
    ("tokens.make", "POST", "/account/tokens", (IN, 422, 422, 422, 422, 422)),
    ("tokens.end", "POST", "/account/tokens/none/end", (IN, 404, 404, 404, 404, 404)),
    ("submission.page", "GET", "/submissions/S", (IN, 200, 404, 200, 200, 404)),
    ("submission.events", "GET", "/submissions/S/events", (IN, 200, 404, 200, 200, 404)),
    ("submission.notebook", "GET", "/submissions/S/notebook.ipynb", (IN, 200, 404, 200, 200, 404)),
    ("staff.submissions", "GET", f"{PAGE}/submissions", (IN, 403, 403, 200, 200, 404)),
    ("staff.rerun_many", "GET", f"{PAGE}/submissions/rerun", (IN, 403, 403, 200, 200, 404)),
    ("staff.rerun_many_send", "POST", f"{PAGE}/submissions/rerun", (IN, 403, 403, 422, 422, 404)),
    ("staff.rerun_one", "POST", "/submissions/S/rerun", (IN, 403, 404, 303, 303, 404)),
    ("health.healthz", "GET", "/healthz", (200, 200, 200, 200, 200, 200)),
    ("health.readyz", "GET", "/readyz", (200, 200, 200, 200, 200, 200)),
    ("health.blob", "GET", "/internal/blobs/forged", (404, 404, 404, 404, 404, 404)),
    ("documentation.page", "GET", "/api/docs", (200, 200, 200, 200, 200, 200)),
    ("documentation.asset", "GET", "/api/docs/assets/swagger-ui.css", (200, 200, 200, 200, 200, 200)),
    ("openapi.spec", "GET", "/api/v1/openapi.json", (200, 200, 200, 200, 200, 200)),
    ("account.sign_out", "POST", "/sign-out", (302, 302, 302, 302, 302, 302)),
]

API = "/api/v1"
COURSE = "?course=dl-2026"
OPERATIONS: list[tuple[str, str, str, tuple[int, ...]]] = [
    ("v1.me", "GET", f"{API}/me", (401, 200, 200, 200, 200, 200)),
    ("v1.assignments", "GET", f"{API}/assignments", (401, 200, 200, 200, 200, 200)),
    ("v1.assignment", "GET", f"{API}/assignments/{SLUG}{COURSE}", (401, 200, 200, 200, 200, 404)),
    ("v1.starter", "GET", f"{API}/assignments/{SLUG}/starter{COURSE}", (401, 200, 200, 200, 200, 404)),
    ("v1.own_submissions", "GET", f"{API}/assignments/{SLUG}/submissions{COURSE}", (401, 200, 200, 200, 200, 404)),
    ("v1.submit", "POST", f"{API}/assignments/{SLUG}/submissions{COURSE}", (401, 415, 415, 415, 415, 404)),
    ("v1.submission", "GET", f"{API}/submissions/S", (401, 200, 404, 200, 200, 404)),
    ("v1.all_submissions", "GET", f"{API}/assignments/{SLUG}/submissions/all{COURSE}", (401, 403, 403, 200, 200, 404)),
    ("v1.rerun", "POST", f"{API}/submissions/S/rerun", (401, 403, 404, 202, 202, 404)),
]

PAGES[-1:-1] = grading_routes.PAGES + staff_routes.PAGES + lti_routes.PAGES  # before the last, which signs out
OPERATIONS += grading_routes.OPERATIONS + staff_routes.OPERATIONS + api_routes.OPERATIONS


def test_the_tables_name_every_route(app: Flask) -> None:
    named = {(endpoint, method) for endpoint, method, *_ in PAGES + OPERATIONS}
    served = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint not in ASSETS
    }
    assert named == served


@pytest.mark.parametrize("who", WHO)
def test_every_page_as_everybody(app: Flask, world: World, who: str) -> None:
    submission = submit(world, "sam")
    finish(world, submission.id)
    browser = Browser(app)
    if who != "nobody":
        browser.sign_in(who)
    token = browser.token("/sign-in" if who == "nobody" else "/")
    for endpoint, method, address, wanted in PAGES:
        path = address.replace("/S", f"/{submission.id}")
        data = {"csrf_token": token} if method == "POST" else None
        answer = browser.client.open(path, method=method, data=data)
        answer.close()
        assert answer.status_code == wanted[WHO.index(who)], (endpoint, who, answer.status_code)
        if answer.status_code == IN and wanted[0] == IN and who == "nobody":
            assert answer.location.startswith("/sign-in"), endpoint


@pytest.mark.parametrize("who", WHO)
def test_every_operation_as_everybody(app: Flask, world: World, who: str) -> None:
    submission = submit(world, "sam")
    finish(world, submission.id)
    headers = {} if who == "nobody" else {"Authorization": f"Bearer {world.tokens[who]}"}
    client = app.test_client()
    for endpoint, method, address, wanted in OPERATIONS:
        path = address.replace("/S", f"/{submission.id}")
        answer = client.open(path, method=method, headers=headers)
        assert answer.status_code == wanted[WHO.index(who)], (endpoint, who, answer.text)


def test_a_session_counts_for_nothing_in_the_api(sam: Browser) -> None:
    assert sam.client.get(f"{API}/me").status_code == 401


def test_a_token_counts_for_nothing_on_pages(app: Flask, world: World) -> None:
    headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
    assert app.test_client().get("/", headers=headers).status_code == 302


def test_forms_without_their_csrf_token_change_nothing(sam: Browser, world: World) -> None:
    for path in ("/sign-in", "/sign-out", PAGE):
        answer = sam.client.post(path, data={})
        assert answer.status_code == 400
        assert "Nothing was changed" in answer.text
    assert sam.client.get("/").status_code == 200


def test_a_route_without_a_rule_stops_the_service_from_starting(app: Flask) -> None:
    app.view_functions["forgotten"] = lambda: "secret"
    with pytest.raises(RuntimeError, match="forgotten"):
        enforcing.require_guards(app)
