"""Gradebook files: what Canvas and Moodle are given, and what is taken from them."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from grader.db.models import AuditEntry, Grade, OutboxMessage, User
from grader.gradebook import overrides
from grader.gradebook.overrides import Decision
from tests.unit.web.conftest import Browser
from tests.unit.web.world import ADMIN, SLUG, World

FILES = "/courses/dl-2026/gradebook-files"
API = f"/api/v1{FILES}"


def decide(world: World, who: str, score: float | None, *, excused: bool = False, note: str = "viva") -> None:
    with world.backend.writing() as s:
        grade = s.scalar(select(Grade).where(Grade.student_id == world.people[who].id))
        overrides.decide(
            s, assignment=world.assignment, student=world.people[who], decision=Decision(score, excused, note),
            expected=grade.revision if grade is not None else 0, by=ADMIN,
        )  # fmt: skip


def grades(world: World) -> dict[str, tuple[float | None, bool, str]]:
    with world.backend.reading() as s:
        query = (
            select(User.email, Grade)
            .join(Grade, Grade.student_id == User.id)
            .where(Grade.assignment_id == world.assignment.id)
        )
        return {email.partition("@")[0]: (g.override_score, g.excused, g.note) for email, g in s.execute(query)}


def table(browser: Browser, kind: str, query: str = "") -> list[list[str]]:
    answer = browser.client.get(f"{FILES}/{kind}.csv{query}")
    assert answer.status_code == 200
    assert not answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.text)))


def look(browser: Browser, text: str | bytes) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    form = {"csrf_token": browser.token("/"), "grades": FileStorage(io.BytesIO(data), "grades.csv")}
    boundary, body = encode_multipart(form)
    return browser.client.post(FILES, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def confirm(browser: Browser, shown: str, **changes: str) -> Any:
    """Send the form of the page of differences as a browser does."""
    mark = re.search(r'name="mark" value="([0-9a-f]{64})"', shown)
    text = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", shown, re.DOTALL)
    assert mark
    assert text
    data = {"confirmed": "yes", "mark": mark[1], "text": html.unescape(text[1]), "reason": "from Canvas"}
    data |= {"csrf_token": browser.token("/"), **changes}
    return browser.client.post(FILES, data=data, content_type="multipart/form-data")


def title(world: World) -> str:
    return world.assignment.title


def canvas(world: World, *lines: str, points: str = "") -> str:
    head = f"Student,ID,SIS User ID,SIS Login ID,Section,{title(world)} (4711),Final Score"
    possible = [f"    Points Possible,,,,,{points},(read only)"] if points else []
    return "\n".join([head, *possible, *lines])


def test_canvas_gets_a_decimal_point_and_nothing_for_missing_work(world: World, ida: Browser) -> None:
    decide(world, "sam", 7.5)
    decide(world, "sue", None, excused=True)
    head, points, *lines = table(ida, "canvas")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title(world)]
    assert points[0] == "    Points Possible"
    assert float(points[-1]) > 0
    assert [(line[3], line[-1]) for line in lines] == [("sam@example.org", "7.5"), ("sue@example.org", "EX")]
    decide(world, "sue", None, note="")
    assert table(ida, "canvas")[3][-1] == "", "empty, not 0"


def test_moodle_gets_no_grade_above_the_most_points_and_the_feedback_says_so(world: World, ida: Browser) -> None:
    [_, points] = table(ida, "canvas")[:2]
    most = float(points[-1])
    decide(world, "sam", most + 1, note="a bonus")
    head, sam, sue = table(ida, "moodle", f"?assignment={SLUG}")
    assert head == ["Email address", title(world), f"{title(world)} feedback"]
    assert sam == ["sam@example.org", f"{most:g}", f"{most + 1:g} of {most:g} points. a bonus"]
    assert sue == ["sue@example.org", "", ""]
    assert ida.client.get(f"{FILES}/moodle.csv?assignment=none").status_code == 404


def test_a_spreadsheet_runs_nothing_of_a_file(world: World, ida: Browser) -> None:
    decide(world, "sam", 1.0, note="=1+1")
    with world.backend.writing() as s:
        s.get_one(User, world.people["sam"].id).name = "=HYPERLINK(1)"
        s.get_one(User, world.people["sue"].id).name = "\uff1dcmd"
    assert {line[0] for line in table(ida, "canvas")[2:]} == {"'=HYPERLINK(1)", "'\uff1dcmd"}
    assert "'=1+1" in next(line for line in table(ida, "moodle") if line[0] == "sam@example.org")


def test_a_file_of_canvas_is_shown_and_then_taken_and_each_grade_can_be_put_back(world: World, ida: Browser) -> None:
    decide(world, "sue", 3.0)
    shown = look(
        ida, canvas(world, '"Student, Sam",1,,sam,,5.5,90', "Sue,2,,SUE@example.org,,EX,", '"Student, Test",3,,zz,,9,')
    )
    assert shown.status_code == 200
    assert "2 grades would change" in shown.text
    assert "Final Score" in shown.text
    assert grades(world)["sue"][0] == 3.0, "only shown"
    assert confirm(ida, shown.text).status_code == 303
    assert grades(world) == {"sam": (5.5, False, "from Canvas"), "sue": (None, True, "from Canvas")}
    again = look(ida, canvas(world, "Sam,1,,sam,,5.5,90"))
    assert "There is nothing to take" in again.text
    cell = f"/courses/dl-2026/gradebook/{SLUG}/{world.people['sue'].id}"
    page = ida.client.get(cell).text
    assert "Undo: back to 3 points" in page
    fields = dict(
        re.findall(
            r'name="(revision|score|excused|note)" value="([^"]*)"',
            page.split("Undo: back to 3")[0].rpartition("<form")[2],
        )
    )
    assert ida.client.post(cell, data={"csrf_token": ida.token("/"), **fields}).status_code == 303
    assert grades(world)["sue"] == (3.0, False, "viva")
    with world.backend.reading() as s:
        [entry] = s.scalars(select(AuditEntry).where(AuditEntry.action == "grades.imported"))
    assert (entry.actor, entry.after) == (
        "user:ida@example.org", {"origin": "Canvas", "grades": 2, "left_out": 0, "reason": "from Canvas"}
    )  # fmt: skip


def test_what_we_write_is_what_we_read(world: World, ida: Browser) -> None:
    decide(world, "sam", 4.25)
    decide(world, "sue", None, excused=True)
    own = ida.client.get("/courses/dl-2026/gradebook.csv").data
    for data in (own, ida.client.get(f"{FILES}/canvas.csv").data, ida.client.get(f"{FILES}/moodle.csv").data):
        shown = look(ida, data).text
        assert "0 grades would change" in shown
    changed = own.decode("utf-8-sig").replace("4.25", "4,5").replace(",4,5,", ',"4,5",').encode()
    shown = look(ida, changed).text
    assert "1 grade would change" in shown
    assert confirm(ida, shown, reason="recount").status_code == 303
    assert grades(world)["sam"] == (4.5, False, "recount")


def test_a_file_of_moodle_is_read(world: World, ida: Browser) -> None:
    head = f"First name;Surname;Email address;Assignment: {title(world)} (Real);Assignment: {title(world)} (Feedback)"
    shown = look(ida, f"{head}\nSam;S;Sam@Example.org;2,5;well\nSue;Ü;sue@example.org;-;\n")
    assert "1 grade would change" in shown.text
    assert confirm(ida, shown.text).status_code == 303
    assert grades(world)["sam"][0] == 2.5
    assert "sue" not in grades(world)


def test_unknown_people_are_listed_and_nothing_is_taken_unless_they_are_left_out(world: World, ida: Browser) -> None:
    shown = look(ida, canvas(world, "Sam,1,,sam,,5,", "Eve,2,,eve@evil.org,,6,", "Ida,3,,ida@example.org,,6,"))
    assert "2 lines about nobody in this course" in shown.text
    assert "eve@evil.org" in shown.text
    refused = confirm(ida, shown.text)
    assert refused.status_code == 422
    assert grades(world) == {}
    assert confirm(ida, refused.text, leave_out="yes").status_code == 303
    assert list(grades(world)) == ["sam"]


WRONG: list[tuple[tuple[str, ...], str, str]] = [
    (("Sam,1,,sam,,five,",), "", "is no number of points"),
    (("Sam,1,,sam,,nan,",), "", "is no number of points"),
    (("Sam,1,,sam,,1e9,",), "", "are not between 0 and"),
    (("Sam,1,,sam,,=1+1,",), "", "is no number of points"),
    (("Sam,1,,sam,,1,", "Sue,2,,sue,,-1,"), "", "are not between 0 and"),
    (("Sam,1,,sam,,1,", "Sam,1,,sam@example.org,,2,"), "", "in the file twice"),
    (("Sam,1,,sam,,1,",), "99", "has 99 points there"),
]


def test_one_wrong_line_and_nothing_is_taken(world: World, ida: Browser) -> None:
    for lines, points, why in WRONG:
        shown = look(ida, canvas(world, *lines, points=points))
        assert why in html.unescape(shown.text), why
        assert "Set 1 grade" not in shown.text
        assert confirm(ida, shown.text).status_code == 422
    with world.backend.reading() as s:
        assert s.scalar(select(func.count()).select_from(Grade)) == 0
        assert s.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_a_file_that_is_no_gradebook_says_why(world: World, ida: Browser) -> None:
    tries: list[tuple[bytes, str]] = [
        (b"", "no line under its titles"),
        (b"a,b\n1,2\n", "No column says who"),
        (b"E-mail,Essay\nsam@example.org,2\n", "No column has the title"),
        (b"E-mail,x\n" + b"a,1\n" * 6000, "more than 5000 lines"),
        (b"E-mail,x\n" + b'"' + b"y" * 200_000 + b'",1\n', "cannot be read as CSV"),
        (b"x" * 1_000_000, "is larger than"),
        ("\x81\x8d".encode("latin-1"), "not text"),
    ]
    for data, why in tries:
        shown = look(ida, data)
        assert shown.status_code == 422, why
        assert why in shown.text
    twice = f"E-mail,{title(world)},{title(world)} (12)\nsam@example.org,1,2\n"
    assert "has two columns" in look(ida, twice).text


def test_grades_that_changed_since_they_were_looked_at_are_not_overwritten(world: World, ida: Browser) -> None:
    shown = look(ida, canvas(world, "Sam,1,,sam,,5,"))
    decide(world, "sam", 9.0, note="meanwhile")
    assert confirm(ida, shown.text).status_code == 409
    assert grades(world)["sam"] == (9.0, False, "meanwhile")
    assert confirm(ida, look(ida, canvas(world, "Sam,1,,sam,,5,")).text, reason=" ").status_code == 422
    assert grades(world)["sam"] == (9.0, False, "meanwhile")


def test_programs_export_look_and_take(app: Flask, world: World) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    assert client.get(f"{API}/canvas", headers=headers).mimetype == "text/csv"
    assert client.get(f"{API}/excel", headers=headers).status_code == 404
    text = canvas(world, "Sam,1,,sam,,5,", "Eve,2,,eve,,5,")
    seen: Any = client.post(API, headers=headers, json={"csv": text}).json
    assert [(c["student"], c["before"], c["after"]) for c in seen["changes"]] == [("sam@example.org", "nothing", "5")]
    assert (seen["applied"], seen["unknown"]) == (False, [{"line": 3, "who": "eve"}])
    body = {"csv": text, "apply": True, "mark": seen["mark"], "reason": "moved"}
    assert client.post(API, headers=headers, json=body).status_code == 422
    assert grades(world) == {}
    assert client.post(API, headers=headers, json={**body, "leave_out_unknown": True}).status_code == 200
    assert grades(world)["sam"] == (5.0, False, "moved")


def test_assistants_export_and_only_instructors_take(app: Flask, world: World) -> None:
    browser = Browser(app)
    browser.sign_in("tom")
    assert "Take grades from a file" not in browser.client.get(FILES).text
    assert look(browser, canvas(world, "Sam,1,,sam,,5,")).status_code == 403
