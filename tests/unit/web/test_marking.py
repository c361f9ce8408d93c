from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from assignments.loading import load_package
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db.models import AuditEntry, Grade, Mark, Submission
from grader.grading import rerunning
from grader.marking import rubrics
from grader.marking.answers import blocks
from grader.marking.rubrics import Criterion, RubricView
from tests.unit.web.conftest import Browser, as_user
from tests.unit.web.world import ADMIN, ROOT, World, finish, notebook, submit
from worker.contract import Verdict

SLUG = "deep-networks-1"
KEY = "linear_regions"
MARKING = f"/courses/dl-2026/assignments/{SLUG}/marking"
VERDICTS = (Verdict.PASSED, Verdict.MANUAL)  # 70 points by the check, 30 by hand
PIXEL = base64.b64encode(b"\x89PNG and so on").decode()


@pytest.fixture
def manual(world: World) -> World:
    """The same people, with an assignment that has a question for people."""
    release = Release.from_metadata(load_package(ROOT / "assignments" / SLUG).metadata)
    with world.backend.writing() as s:
        published = courses.publish_assignment(s, course=world.course, release=release, by=ADMIN)
        rubric = RubricView(
            (Criterion("c1", "Predicted first", 15), Criterion("c2", "Gives a reason", 7)), ("Well done.",)
        )
        rubrics.save_rubric(s, assignment_id=published.assignment.id, key=KEY, rubric=rubric, by=ADMIN)
    return dataclasses.replace(world, assignment=published.assignment)


def graded(world: World, who: str = "sam", data: bytes | None = None) -> Submission:
    submission = submit(world, who, data)
    finish(world, submission.id, VERDICTS)
    return submission


def form_of(browser: Browser, submission: Submission) -> dict[str, Any]:
    page = browser.client.get(f"{MARKING}/{KEY}/answers/{submission.id}").text
    names = ("csrf_token", "revision", "request_id")
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in names}  # type: ignore[union-attr]


def send(browser: Browser, submission: Submission, form: dict[str, Any]) -> Any:
    return browser.client.post(f"{MARKING}/{KEY}/answers/{submission.id}", data=form)


def score(world: World, who: str = "sam") -> float | None:
    with world.backend.reading() as s:
        query = select(Grade.score).where(
            Grade.student_id == world.people[who].id, Grade.assignment_id == world.assignment.id
        )
        return s.scalar(query)


def marks(world: World) -> list[Mark]:
    with world.backend.reading() as s:
        return list(s.scalars(select(Mark)))


def test_marks_count_in_the_score_and_the_student_reads_the_comment(app: Flask, manual: World) -> None:
    submission = graded(manual)
    assert score(manual) == 70
    tom = as_user(app, "tom")
    answer = send(tom, submission, {**form_of(tom, submission), "criteria": ["c1", "c2"], "comment": "Clear plots."})
    assert answer.status_code == 303
    assert score(manual) == 92
    page = as_user(app, "sam").client.get(f"/submissions/{submission.id}").text
    assert "Clear plots." in page
    with manual.backend.reading() as s:
        assert s.scalar(select(AuditEntry).where(AuditEntry.action == "mark.given")) is not None


def test_points_typed_win_over_the_sum_and_are_checked(app: Flask, manual: World) -> None:
    submission = graded(manual)
    tom = as_user(app, "tom")
    for wrong in ("31", "-1", "many", "nan"):
        answer = send(tom, submission, {**form_of(tom, submission), "points": wrong, "comment": "kept text"})
        assert answer.status_code == 422
        assert "from 0 to 30" in answer.text
        assert "kept text" in answer.text
    assert send(tom, submission, {**form_of(tom, submission), "points": "12,5", "criteria": ["c1"]}).status_code == 303
    assert score(manual) == 82.5


def test_the_same_form_sent_twice_marks_once(app: Flask, manual: World) -> None:
    submission = graded(manual)
    tom = as_user(app, "tom")
    form = {**form_of(tom, submission), "points": "10"}
    assert [send(tom, submission, form).status_code for _ in range(2)] == [303, 303]
    assert [mark.revision for mark in marks(manual)] == [1]


def test_two_markers_at_once_both_see_what_the_other_gave(app: Flask, manual: World) -> None:
    submission = graded(manual)
    tom, ida = as_user(app, "tom"), as_user(app, "ida")
    form_tom, form_ida = form_of(tom, submission), form_of(ida, submission)
    assert send(tom, submission, {**form_tom, "points": "10", "comment": "from tom"}).status_code == 303
    refused = send(ida, submission, {**form_ida, "points": "20", "comment": "from ida"})
    assert refused.status_code == 409
    for text in ("Tom Assistant gave 10 points", "from tom", "from ida", 'value="20"'):
        assert text in refused.text
    assert score(manual) == 80
    names = ("csrf_token", "revision", "request_id")
    again = {name: re.search(rf'name="{name}" value="([^"]*)"', refused.text).group(1) for name in names}  # type: ignore[union-attr]
    assert send(ida, submission, {**again, "points": "20"}).status_code == 303
    assert score(manual) == 90


def test_a_mark_holds_when_the_submission_is_run_again(manual: World, app: Flask) -> None:
    submission = graded(manual)
    tom = as_user(app, "tom")
    send(tom, submission, {**form_of(tom, submission), "points": "30"})
    with manual.backend.writing() as s:
        rerunning.rerun(s, submission_ids=[submission.id], by=ADMIN, reason="test")
    finish(manual, submission.id, (Verdict.FAILED, Verdict.MANUAL))
    assert score(manual) == 30


def test_work_goes_on_to_what_waits_and_ends_at_the_list(app: Flask, manual: World) -> None:
    first, second = graded(manual, "sam"), graded(manual, "sue")
    tom = as_user(app, "tom")
    overview = tom.client.get(MARKING).text
    assert "0 of 2 answers marked" in overview
    url = tom.client.get(f"{MARKING}/{KEY}/next").location
    chosen, other = (first, second) if first.id in url else (second, first)
    location = send(tom, chosen, {**form_of(tom, chosen), "points": "1"}).location
    assert other.id in location
    assert send(tom, other, {**form_of(tom, other), "points": "2"}).location.endswith("show=all")
    assert "Tom Assistant 2" in tom.client.get(MARKING).text


def test_anonymous_marking_shows_no_name(app: Flask, manual: World) -> None:
    submission = graded(manual)
    tom = as_user(app, "tom")
    token = tom.token(f"{MARKING}/{KEY}/rubric")
    data = {
        "csrf_token": token,
        "criteria": "5 | a reason",
        "anonymous": "yes",
        "sample_percent": "50",
        "revision": "1",
    }
    assert tom.client.post(f"{MARKING}/{KEY}/rubric", data=data).status_code == 303
    for path in (f"{MARKING}/{KEY}?show=all", f"{MARKING}/{KEY}/answers/{submission.id}"):
        page = tom.client.get(path).text
        assert "Sam Student" not in page
        assert f"Student {submission.id[-4:]}" in page
    assert f'href="/submissions/{submission.id}"' not in page


def test_a_rubric_that_cannot_be_is_refused_with_what_was_typed(app: Flask, manual: World) -> None:
    tom = as_user(app, "tom")
    token = tom.token(f"{MARKING}/{KEY}/rubric")
    for criteria, why in (("no points", "Criterion 1"), ("20 | a\n20 | b", "add up to 40")):
        data = {"csrf_token": token, "criteria": criteria, "sample_percent": "10", "revision": "1"}
        answer = tom.client.post(f"{MARKING}/{KEY}/rubric", data=data)
        assert answer.status_code == 422
        assert why in answer.text
        assert criteria.split("\n")[0] in answer.text
    stale = {"csrf_token": token, "criteria": "1 | x", "sample_percent": "10", "revision": "0"}
    assert tom.client.post(f"{MARKING}/{KEY}/rubric", data=stale).status_code == 409


def test_a_second_marker_does_not_see_the_first_mark_and_changes_no_score(app: Flask, manual: World) -> None:
    submission = graded(manual)
    tom, ida = as_user(app, "tom"), as_user(app, "ida")
    send(tom, submission, {**form_of(tom, submission), "points": "11", "comment": "secret first opinion"})
    address = f"{MARKING}/{KEY}/answers/{submission.id}"
    page = ida.client.get(f"{address}?second=1").text
    assert "secret first opinion" not in page
    data = {"csrf_token": ida.token("/"), "points": "25", "comment": "more generous"}
    assert ida.client.post(f"{address}/second", data=data).status_code == 303
    assert score(manual) == 81
    sample = ida.client.get(f"{MARKING}/{KEY}/sample").text
    assert "25 by Ida Instructor: more generous" in sample
    own = tom.client.post(f"{address}/second", data={"csrf_token": tom.token("/"), "points": "1"})
    assert own.status_code == 409


def test_answers_of_another_assignment_cannot_be_marked_here(app: Flask, world: World, manual: World) -> None:
    elsewhere = submit(world, "sam")
    finish(world, elsewhere.id)
    tom = as_user(app, "tom")
    assert tom.client.get(f"{MARKING}/{KEY}/answers/{elsewhere.id}").status_code == 409
    data = {"csrf_token": tom.token("/"), "points": "5"}
    assert tom.client.post(f"{MARKING}/{KEY}/answers/{elsewhere.id}", data=data).status_code == 409


def test_programs_give_second_marks_and_read_the_sample(app: Flask, manual: World) -> None:
    submission = graded(manual)
    client = app.test_client()
    tom, ida = ({"Authorization": f"Bearer {manual.tokens[who]}"} for who in ("tom", "ida"))
    url, here = f"/api/v1/submissions/{submission.id}/marks/{KEY}", f"/api/v1/assignments/{SLUG}/marking"
    assert client.put(f"{url}/second", headers=ida, json={"points": 25}).status_code == 409  # nothing to compare with
    assert client.put(url, headers=tom, json={"points": 11}).status_code == 200
    [question] = client.get(here, headers=tom).json["questions"]
    assert (question["key"], question["answers"], question["marked"]) == (KEY, 1, 1)
    assert client.put(f"{url}/second", headers=ida, json={"points": 25, "comment": "kinder"}).status_code == 200
    assert client.put(f"{url}/second", headers=tom, json={"points": 12}).status_code == 409  # the own mark
    assert client.put(f"{url}/second", headers=ida, json={"points": 31}).status_code == 422
    [sampled] = client.get(f"{here}/{KEY}/sample", headers=tom).json["answers"]
    assert (sampled["points"], sampled["differs"]) == (11.0, True)
    assert [(s["points"], s["comment"]) for s in sampled["second_marks"]] == [(25.0, "kinder")]
    assert score(manual) == 81


def test_programs_mark_with_the_same_rules(app: Flask, manual: World) -> None:
    submission = graded(manual)
    client, headers = app.test_client(), {"Authorization": f"Bearer {manual.tokens['ida']}"}
    work = client.get(f"/api/v1/assignments/{SLUG}/marking/{KEY}", headers=headers).json
    assert [(a["submission_id"], a["waiting"]) for a in work["answers"]] == [(submission.id, True)]
    url = f"/api/v1/submissions/{submission.id}/marks/{KEY}"
    made = client.put(url, headers=headers, json={"points": 9, "comment": "ok"})
    assert (made.status_code, made.json["revision"]) == (200, 1)
    assert client.put(url, headers=headers, json={"points": 8}).status_code == 409
    assert client.put(url, headers=headers, json={"points": 99, "revision": 1}).status_code == 422
    assert score(manual) == 79


def test_what_stands_in_a_notebook_cannot_run_on_the_markers_page(app: Flask, manual: World) -> None:
    evil = json.loads(notebook("print('own')"))
    evil["cells"][0]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>alert(1)</script>"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": '"><script>alert(2)</script>'}},
        {"output_type": "stream", "name": "stdout", "text": "<script>alert(3)</script>"},
    ]
    submission = graded(manual, data=json.dumps(evil).encode())
    page = as_user(app, "tom").client.get(f"{MARKING}/{KEY}/answers/{submission.id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(3)" in page
    assert page.count("data:image/png;base64,") == 1


@pytest.mark.parametrize("data", [b"", b"[]", b'{"cells": 3}', b'{"cells": [null, {"source": 5, "outputs": [7]}]}'])
def test_a_notebook_of_any_form_is_read_without_an_error(data: bytes) -> None:
    assert blocks(data, b"nonsense") == []
