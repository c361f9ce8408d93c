from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from flask import Flask

from grader.courses import queries as courses
from grader.db.models import Enrolment, Role
from grader.outbox import queries as outbox
from grader.people.errors import RosterRefused
from grader.people.roster import read_roster
from tests.unit.web.conftest import Browser
from tests.unit.web.world import World

PEOPLE = "/courses/dl-2026/people"
ROSTER = "Email;Name;Section\nsam@example.org;Sam Student;A\nnew@example.org;Neue Studentin;B\n"


def upload(browser: Browser, text: str | bytes) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    form = {"csrf_token": browser.token(PEOPLE), "roster": (io.BytesIO(data), "roster.csv")}
    return browser.client.post(f"{PEOPLE}/roster", data=form, content_type="multipart/form-data")


def enrolled(world: World) -> dict[str, Enrolment]:
    with world.backend.reading() as s:
        return {e.user.email: e for e in courses.people_of(s, world.course.id)}


def test_a_roster_is_shown_first_and_then_taken(world: World, ida: Browser) -> None:
    shown = upload(ida, ROSTER)
    assert shown.status_code == 200
    assert "new account" in shown.text
    assert "section none to A" in shown.text
    assert "new@example.org" not in enrolled(world)
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", shown.text, re.DOTALL)
    assert found
    data = {"csrf_token": ida.token("/"), "confirmed": "yes", "text": html.unescape(found.group(1))}
    assert ida.client.post(f"{PEOPLE}/roster", data=data).status_code == 303
    people = enrolled(world)
    assert people["new@example.org"].section == "B"
    assert people["sam@example.org"].section == "A"
    assert ida.client.post(f"{PEOPLE}/roster", data=data).status_code == 303, "twice changes nothing more"
    assert len(enrolled(world)) == len(people)
    with world.backend.reading() as s:
        [told] = outbox.events(s, "roster.synced")
    assert (told.subject_id, told.payload["course"], told.payload["changed"]) == (world.course.id, "dl-2026", 2)


def test_a_roster_with_a_bad_line_is_not_taken_at_all(world: World, ida: Browser) -> None:
    text = ROSTER + "not an address;X;C\n"
    shown = upload(ida, text)
    assert "is no e-mail address" in shown.text
    assert "Do it" not in shown.text
    data = {"csrf_token": ida.token("/"), "confirmed": "yes", "text": text}
    assert ida.client.post(f"{PEOPLE}/roster", data=data).status_code == 422
    assert "new@example.org" not in enrolled(world)


def test_a_roster_lowers_nobody(world: World, ida: Browser) -> None:
    shown = upload(ida, "email,role\nida@example.org,student\ntom@example.org,instructor\n")
    assert "unchanged" in shown.text
    assert "role ta to instructor" in shown.text


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "no line"), (b"name\nx\n", "No column is named email"), (b"email\n" + b"a@b.cd\n" * 6000, "at most 5000")],
)
def test_a_file_that_is_no_roster_says_why(data: bytes, why: str) -> None:
    with pytest.raises(RosterRefused, match=why):
        read_roster(data)


def test_a_roster_of_a_spreadsheet_is_read(world: World) -> None:
    [line] = read_roster(
        "E-mail\tFull name\tRole\nÄ@example.org".encode("cp1252").replace(b"\xc4", b"a") + b"\tA B\tTA\n"
    )
    assert (line.email, line.name, line.role, line.problem) == ("a@example.org", "A B", Role.TA, "")


def test_roles_and_sections_are_changed_by_instructors_alone(app: Flask, world: World, ida: Browser) -> None:
    people = enrolled(world)
    tom = Browser(app)
    tom.sign_in("tom")
    assert tom.client.get(PEOPLE).status_code == 200
    data = {"role": "instructor", "section": "X"}
    address = f"{PEOPLE}/{people['tom@example.org'].id}"
    assert tom.client.post(address, data={"csrf_token": tom.token("/"), **data}).status_code == 403
    assert ida.client.post(address, data={"csrf_token": ida.token("/"), **data}).status_code == 303
    assert (enrolled(world)["tom@example.org"].role, enrolled(world)["tom@example.org"].section) == (
        Role.INSTRUCTOR,
        "X",
    )


def test_the_last_instructor_stays_one(world: World, ida: Browser) -> None:
    address = f"{PEOPLE}/{enrolled(world)['ida@example.org'].id}"
    answer = ida.client.post(address, data={"csrf_token": ida.token("/"), "role": "student", "section": ""})
    assert answer.status_code == 409
    assert enrolled(world)["ida@example.org"].role is Role.INSTRUCTOR


def test_programs_see_what_a_roster_would_do_before_it_does(app: Flask, world: World) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    url = "/api/v1/courses/dl-2026/people"
    shown = client.post(f"{url}/roster", headers=headers, json={"csv": ROSTER}).json
    assert [step["what"] for step in shown["steps"]] == ["changed", "new account"]
    assert len(client.get(url, headers=headers).json["people"]) == 4
    done = client.post(f"{url}/roster", headers=headers, json={"csv": ROSTER, "apply": True})
    assert (done.status_code, done.json["applied"]) == (200, True)
    assert len(client.get(url, headers=headers).json["people"]) == 5
    people = client.get(url, headers=headers).json["people"]
    sue = next(person["id"] for person in people if person["email"] == "sue@example.org")
    placed = client.put(f"{url}/{sue}", headers=headers, json={"role": "student", "section": " A\x00\u202e 1 "})
    assert placed.json["section"] == "A 1"
