from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from grader.db.models import AuditEntry, RegradeRequest
from grader.grading import rerunning
from tests.unit.web.conftest import Browser, as_user
from tests.unit.web.world import ADMIN, World, finish, score_of, submit
from worker.contract import Verdict

KEY = "ratio"
WRONG = (Verdict.FAILED,) * 6
COURSE = "/courses/dl-2026/regrades"


def first_key(world: World) -> str:
    with world.backend.reading() as s:
        from grader.courses import queries, service

        version = queries.current_version(s, world.assignment.id)
        assert version is not None
        return service.release_of(version).checks[0].key


def ask(browser: Browser, submission_id: str, key: str, text: str = "My formula is the same as yours.") -> int:
    data = {"csrf_token": browser.token("/"), "text": text}
    return browser.client.post(f"/submissions/{submission_id}/regrade/{key}", data=data).status_code


def requests(world: World) -> list[RegradeRequest]:
    with world.backend.reading() as s:
        return list(s.scalars(select(RegradeRequest)))


def test_a_student_asks_and_reads_the_answer_with_the_new_points(app: Flask, world: World) -> None:
    key, submission = first_key(world), submit(world, "sam")
    finish(world, submission.id, WRONG)
    sam, ida = as_user(app, "sam"), as_user(app, "ida")
    assert ask(sam, submission.id, key) == 303
    assert ask(sam, submission.id, key) == 409, "one question at a time"
    assert "Sam Student" in ida.client.get(COURSE).text
    [request] = requests(world)
    page = ida.client.get(f"{COURSE}/{request.id}").text
    assert "My formula is the same as yours." in page
    data = {"csrf_token": ida.token("/"), "reply": "You are right.", "points": "1"}
    assert ida.client.post(f"{COURSE}/{request.id}", data=data).status_code == 303
    assert score_of(world) == 1
    seen = sam.client.get(f"/submissions/{submission.id}/regrade/{key}").text
    assert "You are right." in seen
    assert "0 → 1 points" in seen
    assert ida.client.post(f"{COURSE}/{request.id}", data=data).status_code == 409, "answered once"
    with world.backend.reading() as s:
        assert s.scalar(select(AuditEntry).where(AuditEntry.action == "regrade.answered")) is not None


def test_points_given_after_a_regrade_hold_when_it_is_run_again(app: Flask, world: World) -> None:
    key, submission = first_key(world), submit(world, "sam")
    finish(world, submission.id, WRONG)
    sam, ida = as_user(app, "sam"), as_user(app, "ida")
    ask(sam, submission.id, key)
    data = {"csrf_token": ida.token("/"), "reply": "Agreed.", "points": "1"}
    ida.client.post(f"{COURSE}/{requests(world)[0].id}", data=data)
    with world.backend.writing() as s:
        rerunning.rerun(s, submission_ids=[submission.id], by=ADMIN, reason="test")
    finish(world, submission.id, WRONG)
    assert score_of(world) == 1


def test_what_is_typed_comes_back_when_it_cannot_be_accepted(app: Flask, world: World) -> None:
    key, submission = first_key(world), submit(world, "sam")
    finish(world, submission.id, WRONG)
    sam, ida = as_user(app, "sam"), as_user(app, "ida")
    assert ask(sam, submission.id, key, " ") == 422
    ask(sam, submission.id, key)
    [request] = requests(world)
    for points, reply in (("999", "Too many points"), ("x", "Not a number"), ("1", " ")):
        data = {"csrf_token": ida.token("/"), "reply": reply, "points": points}
        answer = ida.client.post(f"{COURSE}/{request.id}", data=data)
        assert answer.status_code == 422
        assert f'value="{points}"' in answer.text
        assert reply in answer.text
    assert score_of(world) == 0


def test_a_question_can_be_taken_back_and_only_by_its_student(app: Flask, world: World) -> None:
    key, submission = first_key(world), submit(world, "sam")
    finish(world, submission.id, WRONG)
    sam, ida, sue = (as_user(app, name) for name in ("sam", "ida", "sue"))
    ask(sam, submission.id, key)
    address = f"/submissions/{submission.id}/regrade/{key}"
    assert ida.client.post(f"{address}/withdraw", data={"csrf_token": ida.token("/")}).status_code == 403
    assert sue.client.get(address).status_code == 404
    assert sam.client.post(f"{address}/withdraw", data={"csrf_token": sam.token("/")}).status_code == 303
    assert [r.status.value for r in requests(world)] == ["withdrawn"]
    twice = sam.client.post(f"{address}/withdraw", data={"csrf_token": sam.token("/")})
    assert (twice.status_code, "it was answered or withdrawn" in twice.text) == (409, True)
    assert ask(sam, submission.id, key) == 303, "and asked anew"


def test_another_course_does_not_see_the_request(app: Flask, world: World) -> None:
    key, submission = first_key(world), submit(world, "sam")
    finish(world, submission.id, WRONG)
    sam = as_user(app, "sam")
    ask(sam, submission.id, key)
    [request] = requests(world)
    olga = as_user(app, "olga")
    assert olga.client.get(f"/courses/dl-2025/regrades/{request.id}").status_code == 403
    assert re.search("There is nothing|not in it", olga.client.get(f"{COURSE}/{request.id}").text)


def test_programs_ask_and_answer(app: Flask, world: World) -> None:
    key, submission = first_key(world), submit(world, "sam")
    finish(world, submission.id, WRONG)
    client = app.test_client()
    sam, ida = ({"Authorization": f"Bearer {world.tokens[name]}"} for name in ("sam", "ida"))
    url = f"/api/v1/submissions/{submission.id}/regrades"
    made = client.post(f"{url}/{key}", headers=sam, json={"text": "Please look."})
    assert made.status_code == 201
    assert client.post(f"{url}/{key}", headers=ida, json={"text": "x"}).status_code == 403
    waiting = client.get("/api/v1/courses/dl-2026/regrades", headers=ida).json["requests"]
    assert [r["id"] for r in waiting] == [made.json["id"]]
    answer = client.post(
        f"/api/v1/courses/dl-2026/regrades/{made.json['id']}/answer", headers=ida, json={"reply": "It stays."}
    )
    assert (answer.status_code, answer.json["status"]) == (200, "kept")
    assert client.get(url, headers=sam).json["requests"][0]["reply"] == "It stays."
