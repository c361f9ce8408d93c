"""Staff see a course as one of its students: only that course, on the record, and without changing anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from grader.accounts import service as accounts
from grader.courses import queries as courses
from grader.courses import service as enrolling
from grader.db.models import AuditEntry, Base, Role, Submission, Viewing
from grader.people import viewing
from grader.time import utc_now
from grader.web.viewing import SAFE, WAYS_OUT
from tests.unit.web.conftest import Browser, csrf_of
from tests.unit.web.test_access import OPERATIONS, PAGES
from tests.unit.web.world import ADMIN, SLUG, World, finish, notebook, submit

PEOPLE = "/courses/dl-2026/people"
PAGE = f"/courses/dl-2026/assignments/{SLUG}"
BANNER = 'aria-label="You see the course as a student"'
SAM = 1  # the column of the routes' table


def address_of(world: World, who: str) -> str:
    with world.backend.reading() as s:
        enrolment = courses.enrolment_of(s, user_id=world.people[who].id, course_id=world.course.id)
    assert enrolment is not None
    return f"/courses/dl-2026/view-as/{enrolment.id}"


def begin(browser: Browser, world: World, who: str = "sam") -> Any:
    return browser.client.post(address_of(world, who), data={"csrf_token": browser.token("/")})


def stop(browser: Browser) -> Any:
    return browser.client.post("/view-as/stop", data={"csrf_token": browser.token("/")})


@pytest.fixture
def looking(ida: Browser, world: World) -> Browser:
    """Ida, who sees the course as Sam."""
    assert begin(ida, world).status_code == 303
    return ida


@pytest.fixture
def tom(app: Flask) -> Browser:
    browser = Browser(app)
    browser.sign_in("tom")
    return browser


def records(world: World) -> list[tuple[str, str, str]]:
    """Who began and ended, and why."""
    with world.backend.reading() as s:
        found = s.scalars(select(AuditEntry).where(AuditEntry.action.startswith("viewing.")).order_by(AuditEntry.id))
        return [(e.actor, e.action, (e.after or {}).get("why", "")) for e in found]


def rows(world: World) -> dict[str, int]:
    with world.backend.reading() as s:
        tables = Base.metadata.sorted_tables
        return {table.name: s.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def time_is_up(world: World) -> None:
    with world.backend.writing() as s:
        s.execute(update(Viewing).values(until=utc_now() - timedelta(seconds=1)))


def test_every_request_that_changes_something_is_refused(world: World, looking: Browser) -> None:
    submission = submit(world, "sam")
    finish(world, submission.id)
    token, before, tried = looking.token("/"), rows(world), 0
    for endpoint, method, address, _ in PAGES + OPERATIONS:
        if method in SAFE or endpoint in WAYS_OUT:
            continue
        headers = {"X-CSRFToken": token}
        if endpoint.startswith("v1."):
            headers["Authorization"] = f"Bearer {world.tokens['ida']}"
        data = {"csrf_token": token} if method == "POST" else None
        path = address.replace("/S", f"/{submission.id}")
        answer = looking.client.open(path, method=method, data=data, headers=headers)
        assert answer.status_code == 403, endpoint
        assert "Nothing was changed" in answer.text, endpoint
        tried += 1
    assert tried > 80
    assert rows(world) == before


CLOSED = {"tokens.page"}  # the student's own alone: whoever looks must not come away with a way in


def test_every_page_opens_as_it_does_for_the_student(world: World, looking: Browser) -> None:
    submission = submit(world, "sam")
    finish(world, submission.id)
    before = rows(world)
    for endpoint, method, address, wanted in PAGES:
        if method not in SAFE:
            continue
        answer = looking.client.get(address.replace("/S", f"/{submission.id}"))
        assert answer.status_code == (403 if endpoint in CLOSED else wanted[SAM]), endpoint
        page = answer.mimetype == "text/html" and 'class="brand"' in answer.text  # not a frame, not a file
        assert not page or BANNER in answer.text, endpoint
        answer.close()
    assert BANNER in looking.client.get("/nowhere").text
    assert BANNER in looking.client.post("/nowhere").text
    after = rows(world)
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= {"lti_keys"}, "the service's own keys, made when somebody first asks; nothing of the student's"


def test_only_that_course_of_the_student_is_seen(world: World, ida: Browser) -> None:
    """Sam is an assistant of another course and runs the service: nothing of that opens."""
    with world.backend.writing() as s:
        sam = s.merge(world.people["sam"])
        enrolling.enrol(s, user=sam, course=s.merge(world.other), role=Role.TA, by=ADMIN)
        enrolling.enrol(s, user=s.merge(world.people["ida"]), course=s.merge(world.other), role=Role.TA, by=ADMIN)
        accounts.set_admin(s, user=sam, admin=True, by=ADMIN)
        theirs = courses.assignment_in_course(s, course_id=world.other.id, slug=SLUG)
    assert theirs is not None
    elsewhere = submit(World(**{**world.__dict__, "assignment": theirs}), "olga")
    assert ida.client.get(f"/submissions/{elsewhere.id}").status_code == 200
    begin(ida, world)
    home = ida.client.get("/").text
    assert "Deep Learning 2026" in home
    assert "Deep Learning 2025" not in home
    assert "Administration" not in home
    other = f"/courses/dl-2025/assignments/{SLUG}"
    for path in ("/courses/dl-2025/grades", other, f"/submissions/{elsewhere.id}"):
        assert ida.client.get(path).status_code == 404, path
    for path in ("/courses/dl-2025/dashboard", f"{other}/submissions", "/admin", "/admin/audit", "/admin/view-as"):
        assert ida.client.get(path).status_code == 403, path
    assert ida.client.get("/api/v1/me").status_code == 401, "the student's API needs the student's token"


def test_what_staff_know_is_not_on_the_pages(world: World, looking: Browser, sam: Browser) -> None:
    submission = submit(world, "sam")
    finish(world, submission.id)
    seen = looking.client.get(f"/submissions/{submission.id}").text
    assert "staff only" not in seen
    assert "Sam Student" in seen
    stop(looking)
    assert "staff only" in looking.client.get(f"/submissions/{submission.id}").text


def test_beginning_and_stopping_are_on_record_and_make_a_new_session(world: World, ida: Browser) -> None:
    own_token = ida.token("/")
    begin(ida, world)
    assert ida.client.post(PAGE, data={"csrf_token": own_token}).status_code == 403
    token, cookie = ida.token("/"), ida.client.get_cookie("grader")
    assert token != own_token
    assert cookie is not None
    answer = stop(ida)
    assert (answer.status_code, answer.location) == (303, PEOPLE)
    who = "user:ida@example.org"
    assert records(world) == [(who, "viewing.begin", ""), (who, "viewing.end", "stopped")]
    assert BANNER not in ida.client.get("/").text
    assert ida.client.post(PAGE, data={"csrf_token": token}).status_code == 400, "a form of a page of that time"
    ida.client.set_cookie("grader", cookie.decoded_value)
    assert ida.client.get("/").location == "/", "an old cookie opens nothing again"
    assert BANNER not in ida.client.get("/").text
    assert len(records(world)) == 2
    ida.client.post("/view-as/stop", data={"csrf_token": ida.token("/")})
    assert len(records(world)) == 2, "stopped twice is stopped once"


def test_it_ends_by_itself(world: World, looking: Browser) -> None:
    with world.backend.reading() as s:
        begun = s.scalars(select(Viewing)).one()
    assert begun.until - begun.created_at >= viewing.LENGTH - timedelta(minutes=1)
    time_is_up(world)
    news = looking.client.get(PAGE, headers={"Accept": "text/event-stream"})
    assert news.status_code == 204
    home = looking.client.get("/").text
    assert BANNER not in home
    assert "Ida Instructor" in home
    assert records(world)[1:] == [("user:ida@example.org", "viewing.end", "it was over")]


def test_a_form_that_comes_too_late_is_not_taken_as_the_readers_own(world: World, looking: Browser) -> None:
    token = looking.token("/")
    time_is_up(world)
    for _ in range(2):  # the second time the session is a new one
        answer = looking.client.post(PAGE, data={"csrf_token": token, "notebook": (notebook(), "x.ipynb")})
        assert answer.status_code in (400, 403)
        assert "Nothing was changed" in answer.text
    with world.backend.reading() as s:
        assert s.scalars(select(Submission)).all() == []


def test_signing_out_ends_it(world: World, looking: Browser) -> None:
    looking.client.post("/sign-out", data={"csrf_token": looking.token("/")})
    assert looking.client.get("/").status_code == 302
    assert records(world)[-1][1:] == ("viewing.end", "signed out")


def test_assistants_may_where_the_course_says_so(world: World, ida: Browser, tom: Browser) -> None:
    assert "See as" not in tom.client.get(PEOPLE).text
    assert begin(tom, world).status_code == 403
    rule = "/courses/dl-2026/view-as"
    assert tom.client.post(rule, data={"csrf_token": tom.token("/"), "assistants": "yes"}).status_code == 403
    ida.client.post(rule, data={"csrf_token": ida.token("/"), "assistants": "yes"})
    assert "See as" in tom.client.get(PEOPLE).text
    assert begin(tom, world).status_code == 303
    assert BANNER in tom.client.get("/").text
    ida.client.post(rule, data={"csrf_token": ida.token("/")})
    assert BANNER not in tom.client.get("/", follow_redirects=True).text, "no longer allowed, no longer seen"
    with world.backend.reading() as s:
        changes = s.scalars(select(AuditEntry.after).where(AuditEntry.action == "course.viewing")).all()
    assert list(changes) == [{"assistants_may_view": True}, {"assistants_may_view": False}]


def test_nobody_else_may_and_only_students_are_seen(app: Flask, world: World, sam: Browser, ida: Browser) -> None:
    assert begin(sam, world, "sue").status_code == 403
    olga = Browser(app)
    olga.sign_in("olga")
    assert begin(olga, world).status_code == 404
    assert begin(ida, world, "tom").status_code == 422
    assert records(world) == []


def test_a_student_who_becomes_staff_is_no_longer_seen(world: World, looking: Browser) -> None:
    with world.backend.writing() as s:
        enrolling.enrol(s, user=s.merge(world.people["sam"]), course=s.merge(world.course), role=Role.TA, by=ADMIN)
    assert BANNER not in looking.client.get("/", follow_redirects=True).text


def test_administrators_see_every_course(app: Flask, world: World) -> None:
    with world.backend.writing() as s:
        accounts.set_admin(s, user=s.merge(world.people["olga"]), admin=True, by=ADMIN)
    olga = Browser(app)
    olga.sign_in("olga")
    page = olga.client.get("/admin/view-as?course=dl-2026").text
    assert "See as Sam Student" in page
    assert "Tom Assistant" not in page
    assert begin(olga, world).status_code == 303
    home = olga.client.get("/").text
    assert BANNER in home
    assert "Deep Learning 2025" not in home
    token = csrf_of(home)
    answer = olga.client.post("/view-as/stop", data={"csrf_token": token})
    assert answer.location == "/admin/view-as?course=dl-2026"
