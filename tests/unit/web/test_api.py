"""The API: handing in, following, lists, and errors as programs read them."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.db.models import Assignment, Role, User
from tests.unit.web.world import ADMIN, SLUG, World, finish, notebook, start, submit

API = "/api/v1"


class Program:
    def __init__(self, app: Flask, token: str) -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(path, headers=self.headers, **options)

    def hand_in(self, data: bytes, query: str = "", **fields: str) -> TestResponse:
        boundary, body = encode_multipart({"notebook": FileStorage(io.BytesIO(data), "hw.ipynb"), **fields})
        path = f"{API}/assignments/{SLUG}/submissions{query}"
        return self.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


@pytest.fixture
def sam(app: Flask, world: World) -> Program:
    return Program(app, world.tokens["sam"])


@pytest.fixture
def ida(app: Flask, world: World) -> Program:
    return Program(app, world.tokens["ida"])


def body(answer: TestResponse) -> Any:
    assert answer.json is not None
    return answer.json


def test_handing_in_answers_202_with_the_address_to_follow(sam: Program, world: World) -> None:
    answer = sam.hand_in(notebook(), answers=json.dumps({"ratio_1000d": "1.221"}))
    assert answer.status_code == 202, answer.text
    accepted = body(answer)
    assert answer.headers["Location"] == accepted["url"]
    assert accepted["status"] == "queued"
    followed = body(sam.get(accepted["url"]))
    assert followed["queue_position"] == 1
    assert followed["estimate"]["seconds"] is None
    assert followed["estimate"]["text"] == "No estimate yet: no run of this assignment has been measured."
    assert followed["answers"] == {"ratio_1000d": "1.221"}
    start(world, accepted["id"])
    assert body(sam.get(accepted["url"]))["status"] == "running"
    sent = finish(world, accepted["id"])
    final = body(sam.get(accepted["url"]))
    assert final["status"] == "graded"
    assert final["estimate"] is None
    assert (final["score"], final["max_score"]) == (sent.score, sent.max_score)
    assert [c["key"] for c in final["checks"]] == [c.key for c in sent.checks]
    assert final["checks"][2]["diagnosis"] == "percentage-for-proportion"
    assert final["seconds"] == {"total": 4.2, "execute": 3.6, "overhead": 0.6}
    assert "staff only" not in json.dumps(final)
    again = sam.hand_in(notebook("x = 2"))
    measured = body(sam.get(body(again)["url"]))["estimate"]
    assert (measured["seconds"], measured["low_s"], measured["high_s"], measured["measured"]) == (4.2, 2.1, 8.4, 1)
    assert measured["text"].startswith("Your result in a few seconds")


def test_staff_get_staff_texts(ida: Program, world: World) -> None:
    submission = submit(world)
    finish(world, submission.id)
    found = body(ida.get(f"{API}/submissions/{submission.id}"))
    assert found["staff_text"] == "staff only: worker log"
    assert found["checks"][0]["staff_message"].startswith("staff only")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"%PDF-1.4", "not-json"),
        (b'{"nbformat": 4}', "not-a-notebook"),
        (b'{"a":' * 10_000, "not-json"),
    ],
)
def test_refused_notebooks_are_422_with_a_reason(sam: Program, data: bytes, reason: str) -> None:
    answer = sam.hand_in(data)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    problem = body(answer)
    assert problem["code"] == "notebook-refused"
    assert problem["status"] == 422
    assert len(problem["detail"]) > 20
    assert problem["reason"] in (reason, "too-deep")


def test_too_large_is_413(sam: Program, world: World) -> None:
    answer = sam.hand_in(b" " * (world.settings.max_upload_bytes + 1))
    assert answer.status_code == 413
    assert "20 MB" in body(answer)["detail"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("no json", "not JSON"),
        ("[1]", "JSON object"),
        ('{"ratio_1000d": 1.221}', "must be text"),
        ('{"other": "1"}', "no such field"),
    ],
)
def test_answers_that_cannot_be_read_are_422(sam: Program, sent: str, said: str) -> None:
    answer = sam.hand_in(notebook(), answers=sent)
    assert answer.status_code == 422
    assert said in body(answer)["detail"]


def test_json_instead_of_a_form_is_415_and_no_file_is_422(sam: Program) -> None:
    path = f"{API}/assignments/{SLUG}/submissions"
    assert sam.post(path, json={"notebook": "x"}).status_code == 415
    missing = sam.post(path, data={"answers": "{}"}, content_type="multipart/form-data")
    assert missing.status_code == 422
    assert "No file was sent" in body(missing)["detail"]
    as_text = sam.post(path, data={"notebook": "{}"}, content_type="multipart/form-data")
    assert "holds text, not a file" in body(as_text)["detail"]


def test_an_upload_says_its_place_and_when_to_come_back(sam: Program, world: World) -> None:
    first, second = sam.hand_in(notebook("a")), sam.hand_in(notebook("b"))
    assert [body(answer)["position"] for answer in (first, second)] == [1, 2]
    assert body(second)["estimate_seconds"] is None
    assert "Retry-After" not in second.headers
    start(world, body(first)["id"])
    finish(world, body(first)["id"])
    third = sam.hand_in(notebook("c"))
    assert body(third)["position"] == 2
    assert body(third)["estimate_seconds"] > 0
    assert int(third.headers["Retry-After"]) >= body(third)["estimate_seconds"]


def test_an_attempt_that_a_newer_one_replaced_is_graded_when_its_author_asks(sam: Program, world: World) -> None:
    with world.backend.writing() as session:
        for assignment in session.scalars(select(Assignment).where(Assignment.slug == SLUG)):
            assignment.policy = {"counted": "last"}
    first = body(sam.hand_in(notebook("a")))
    second = body(sam.hand_in(notebook("b")))
    assert second["superseded"] == [1]
    shown = body(sam.get(first["url"]))
    assert (shown["status"], shown["score"], shown["queue_position"]) == ("superseded", None, None)
    again = sam.post(f"/api/v1/submissions/{first['id']}/run")
    assert (again.status_code, body(again)["status"]) == (202, "queued")
    assert body(sam.post(f"/api/v1/submissions/{first['id']}/run"))["code"] == "not-superseded"


def test_a_store_that_is_full_turns_an_upload_away_for_now(sam: Program, world: World, app: Flask) -> None:
    def full(_data: bytes) -> str:
        raise OSError(28, "No space left on device")

    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(world.backend.blobs), "put", lambda _store, data: full(data))
        answer = sam.hand_in(notebook("a"))
    assert (answer.status_code, body(answer)["code"]) == (503, "storage-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert body(sam.hand_in(notebook("a")))["number"] == 1


def test_the_same_file_twice_names_the_earlier_attempt(sam: Program) -> None:
    sam.hand_in(notebook("a"))
    sam.hand_in(notebook("b"))
    again = body(sam.hand_in(notebook("b")))
    assert again["same_as"] == 2
    assert body(sam.get(again["url"]))["same_as"] == 2


def test_a_slug_in_several_courses_needs_the_course(sam: Program, world: World) -> None:
    with world.backend.writing() as s:
        courses.enrol(s, user=world.people["sam"], course=world.other, role=Role.STUDENT, by=ADMIN)
    answer = sam.hand_in(notebook())
    assert answer.status_code == 409
    assert sorted(body(answer)["courses"]) == ["dl-2025", "dl-2026"]
    chosen = sam.hand_in(notebook(), "?course=dl-2025")
    assert chosen.status_code == 202
    assert body(sam.get(body(chosen)["url"]))["course"] == "dl-2025"


def test_own_submissions_come_page_by_page(sam: Program, world: World) -> None:
    for number in range(5):
        submit(world, data=notebook(f"x = {number}"))
    submit(world, "sue")
    path: str | None = f"{API}/assignments/{SLUG}/submissions?limit=2"
    numbers: list[int] = []
    while path:
        page = body(sam.get(path))
        numbers += [row["number"] for row in page["submissions"]]
        path = page["next"]
    assert numbers == [5, 4, 3, 2, 1]
    assert sam.get(f"{API}/assignments/{SLUG}/submissions?limit=0").status_code == 422
    refused = body(sam.get(f"{API}/assignments/{SLUG}/submissions?limit=many"))
    assert "query.limit" in refused["detail"]


def test_staff_filter_everybodys_submissions(ida: Program, world: World) -> None:
    finish(world, submit(world, "sam").id)
    submit(world, "sue")
    path = f"{API}/assignments/{SLUG}/submissions/all"
    assert body(ida.get(path))["total"] == 2
    graded = body(ida.get(f"{path}?status=graded&latest=true"))
    assert [row["student"] for row in graded["submissions"]] == ["sam@example.org"]
    assert ida.get(f"{path}?status=odd").status_code == 422


def test_staff_run_a_submission_again(ida: Program, world: World) -> None:
    submission = submit(world)
    finish(world, submission.id)
    answer = ida.post(f"{API}/submissions/{submission.id}/rerun", json={"reason": "tolerance"})
    assert answer.status_code == 202
    assert body(answer)["run"] == 2
    again = body(ida.get(f"{API}/submissions/{submission.id}"))
    assert again["status"] == "queued"
    assert again["score"] == 50


def test_a_token_without_the_scope_is_403(app: Flask, world: World) -> None:
    with world.backend.writing() as s:
        user = s.get_one(User, world.people["sam"].id)
        secret = accounts.issue_token(s, user=user, label="r", scopes=("read",), by=ADMIN).secret
    answer = Program(app, secret).hand_in(notebook())
    assert answer.status_code == 403
    assert "'submit'" in body(answer)["detail"]


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer nonsense", "Basic c2FtOnBhc3M=", "Bearer \xe9"])
def test_no_good_token_is_401(app: Flask, value: str) -> None:
    answer = app.test_client().get(f"{API}/me", headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_assignments_and_me(sam: Program, world: World) -> None:
    me = body(sam.get(f"{API}/me"))
    assert me["email"] == "sam@example.org"
    assert me["courses"] == [{"course": "dl-2026", "title": "Deep Learning 2026", "role": "student"}]
    [found] = body(sam.get(f"{API}/assignments"))["assignments"]
    assert found["slug"] == SLUG
    assert found["max_score"] == 100
    assert found["answers"][0]["key"] == "ratio_1000d"
    assert body(sam.get(found["url"])) == found
    assert json.loads(sam.get(found["starter_url"]).data)["nbformat"] == 4


def test_the_description_names_every_operation_and_resolves(app: Flask) -> None:
    spec = body(app.test_client().get(f"{API}/openapi.json"))
    operations = {(m.upper(), path) for path, item in spec["paths"].items() for m in item if m != "parameters"}
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("v1.") or rule.endpoint in ("health.healthz", "health.readyz")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert operations == served
    text = json.dumps(spec)
    names = set(spec["components"]["schemas"])
    for reference in text.split('"$ref": "#/components/schemas/')[1:]:
        assert reference.split('"')[0] in names
    upload = spec["paths"][f"{API}/assignments/{{slug}}/submissions"]["post"]
    assert "multipart/form-data" in upload["requestBody"]["content"]
    assert upload["security"] == [{"BearerAuth": []}]
