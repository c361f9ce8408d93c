"""Rules, extensions and the gradebook, as people meet them on pages and through the API."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.test_pages import upload
from tests.unit.web.world import SLUG, World, finish, notebook, submit

PAGE = f"/courses/dl-2026/assignments/{SLUG}"
API = f"/api/v1/assignments/{SLUG}/policy?course=dl-2026"
LOCAL = "%Y-%m-%dT%H:%M"


def rules(browser: Browser, **changes: str) -> dict[str, str]:
    """The form of the policy page, as the browser would send it after these changes."""
    form = {
        "csrf_token": browser.token(f"{PAGE}/policy"),
        "revision": "0",
        "counted": "best",
        "superseding": "last_counts",
        "late_per": "day",
        "hidden_checks": "never",
    }
    return form | changes


def test_an_instructor_sets_rules_and_the_student_reads_and_meets_them(
    world: World, ida: Browser, sam: Browser
) -> None:
    due = utc_now() + timedelta(days=1)
    form = rules(ida, attempts="1", due_at=due.strftime(LOCAL), late_percent="10", late_floor_percent="50")
    assert ida.client.post(f"{PAGE}/policy", data=form).status_code == 303
    page = sam.client.get(PAGE).text
    assert "1 of your 1 attempt is left; your best attempt counts." in page
    assert "Late work loses 10 % of its points for each day begun, and keeps at least 50 %." in page
    assert upload(sam, notebook()).status_code == 303
    refused = upload(sam, notebook("x = 2"))
    assert refused.status_code == 409
    assert "All of your 1 attempt are used" in refused.text
    assert 'value="1.221"' in refused.text, "what was typed is lost"


def test_a_mistake_in_the_form_comes_back_with_what_was_typed(ida: Browser) -> None:
    answer = ida.client.post(f"{PAGE}/policy", data=rules(ida, late_percent="many", attempts="7"))
    assert answer.status_code == 422
    assert "&#39;many&#39; is not a number" in answer.text
    assert 'value="7"' in answer.text
    wrong_order = rules(ida, due_at="2026-11-21T10:00", closes_at="2026-11-20T10:00")
    assert "cannot close before it is due" in ida.client.post(f"{PAGE}/policy", data=wrong_order).text


def test_a_time_that_names_its_zone_is_taken_at_its_word(ida: Browser) -> None:
    form = rules(ida, due_at="2131-12-01T10:00+05:00")
    assert ida.client.post(f"{PAGE}/policy", data=form).status_code == 303
    assert 'value="2131-12-01T05:00"' in ida.client.get(f"{PAGE}/policy").text


def test_rules_that_somebody_else_changed_meanwhile_are_both_shown(app: Flask, ida: Browser) -> None:
    mine = rules(ida, attempts="5")
    assert ida.client.post(f"{PAGE}/policy", data=rules(ida, attempts="3")).status_code == 303
    conflict = ida.client.post(f"{PAGE}/policy", data=mine)
    assert conflict.status_code == 409
    assert "attempts = 3" in conflict.text
    assert "attempts = 5" in conflict.text
    assert 'name="revision" value="1"' in conflict.text, "saving again would be refused again"


def test_an_extension_moves_the_due_date_of_that_student_alone(
    app: Flask, world: World, ida: Browser, sam: Browser
) -> None:
    later = (utc_now() + timedelta(days=9)).strftime(LOCAL)
    form = {"csrf_token": ida.token(f"{PAGE}/policy"), "students": "sam@example.org", "due_at": later, "reason": "ill"}
    answer = ida.client.post(f"{PAGE}/policy/extensions", data=form)
    assert answer.status_code == 303, answer.text
    assert "(your extension)" in sam.client.get("/").text
    assert "is due for you on" in sam.client.get(PAGE).text
    sue = Browser(app)
    sue.sign_in("sue")
    assert "(your extension)" not in sue.client.get("/").text
    assert "Sam Student" in ida.client.get(f"{PAGE}/policy").text
    unknown = ida.client.post(f"{PAGE}/policy/extensions", data=form | {"students": "eve@example.org"})
    assert "eve@example.org is not a student of this course." in unknown.text


def test_times_are_in_the_readers_zone(sam: Browser) -> None:
    sam.client.set_cookie("zone", "Asia/Tokyo")
    assert " JST" in sam.client.get(PAGE).text
    sam.client.set_cookie("zone", "../../etc/passwd")
    assert " UTC" in sam.client.get(PAGE).text


def test_hidden_grades_show_nothing_until_they_are_released(world: World, ida: Browser, sam: Browser) -> None:
    submission = submit(world)
    finish(world, submission.id)
    token = ida.token(f"{PAGE}/policy")
    ida.client.post(f"{PAGE}/policy/release", data={"csrf_token": token, "shown": "no"})
    headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
    for path in (f"/submissions/{submission.id}", PAGE, "/"):
        page = sam.client.get(path).text
        assert '50 <span class="of">' not in page
        assert "Right in even dimensions" not in page
    told = sam.client.get(f"/api/v1/submissions/{submission.id}", headers=headers).json
    assert (told["score"], told["checks"]) == (None, [])
    assert "50" in ida.client.get(f"/submissions/{submission.id}").text
    ida.client.post(f"{PAGE}/policy/release", data={"csrf_token": token, "shown": "yes"})
    assert '50 <span class="of">of 100' in sam.client.get(f"/submissions/{submission.id}").text


def test_a_grade_set_in_the_gradebook_reaches_the_student_with_its_reason(
    world: World, ida: Browser, sam: Browser
) -> None:
    finish(world, submit(world).id)
    book = ida.client.get("/courses/dl-2026/gradebook?sort=total&order=descending").text
    assert "Sam Student" in book
    cell = f"/courses/dl-2026/gradebook/{SLUG}/{world.people['sam'].id}"
    form = {"csrf_token": ida.token(cell), "revision": "1", "score": "64,5", "note": "the figure was right"}
    assert ida.client.post(cell, data=form).status_code == 303
    assert "Set by the teaching staff: the figure was right" in sam.client.get(PAGE).text
    conflict = ida.client.post(cell, data=form | {"score": "10"})
    assert conflict.status_code == 409
    assert "64.5 of 100 points, set by a person" in conflict.text
    assert "You wanted: 10 points" in conflict.text
    assert 'value="10"' in conflict.text
    csv = ida.client.get("/courses/dl-2026/gradebook.csv").text
    assert "Sam Student,sam@example.org,,64.5,64.5,100" in csv
    history = ida.client.get(cell).text
    assert "override score: none → 64.5" in history


def test_the_api_sets_rules_and_refuses_stale_ones(app: Flask, world: World) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    before = client.get(API, headers=headers).json
    wanted = {key: value for key, value in before.items() if key not in ("grades_hidden", "sentence")}
    answer = client.put(API, headers=headers, json=wanted | {"attempts": 2})
    assert (answer.status_code, answer.json["attempts"], answer.json["revision"]) == (200, 2, 1)
    stale = client.put(API, headers=headers, json=wanted | {"attempts": 4})
    assert (stale.status_code, stale.json["code"]) == (409, "edit-conflict")
    assert client.put(API, headers=headers, json=wanted | {"late_percent": 200}).status_code == 422
