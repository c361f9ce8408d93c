"""Programs do what pages do: people of a course, trials, files, regrades, storage, environments."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from grader.accounts import service as accounts
from grader.db.models import User
from tests.unit.web.world import ADMIN, SLUG, World, finish, notebook, submit

API = "/api/v1"


class Program:
    def __init__(self, app: Flask, world: World, who: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {world.tokens[who]}"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        answer = self.client.open(f"{API}{path}", method=method, headers=self.headers, json=body)
        return answer.status_code, answer.get_json(silent=True)


def test_an_instructor_changes_roles_and_sections_and_nobody_else_does(app: Flask, world: World) -> None:
    ida, tom = Program(app, world, "ida"), Program(app, world, "tom")
    people = {row["email"]: row["id"] for row in ida.call("GET", "/courses/dl-2026/people")[1]["people"]}
    sue = f"/courses/dl-2026/people/{people['sue@example.org']}"
    status, changed = ida.call("PUT", sue, {"role": "ta", "section": "B"})
    assert (status, changed["role"], changed["section"]) == (200, "ta", "B")
    assert tom.call("PUT", sue, {"role": "student"})[0] == 403
    last = f"/courses/dl-2026/people/{people['ida@example.org']}"
    assert ida.call("PUT", last, {"role": "ta"})[0] == 409  # the last instructor
    assert ida.call("PUT", sue, {"role": "king"})[0] == 422


def test_whoever_may_see_a_submission_gets_the_notebook_byte_for_byte(app: Flask, world: World) -> None:
    data = notebook("answer = 42")
    submission = submit(world, "sam", data)
    for who, wanted in (("sam", 200), ("tom", 200), ("sue", 404)):
        program = Program(app, world, who)
        answer = program.client.get(f"{API}/submissions/{submission.id}/notebook", headers=program.headers)
        assert answer.status_code == wanted
        assert (answer.data == data) is (wanted == 200)
        assert ("sandbox" in answer.headers["Content-Security-Policy"]) is (wanted == 200)


def test_a_question_is_taken_back(app: Flask, world: World) -> None:
    submission = submit(world, "sam")
    finish(world, submission.id)
    sam = Program(app, world, "sam")
    url = f"/submissions/{submission.id}/regrades"
    key = sam.call("GET", f"/submissions/{submission.id}")[1]["checks"][1]["key"]
    assert sam.call("POST", f"{url}/{key}", {"text": "Why?"})[0] == 201
    assert Program(app, world, "tom").call("DELETE", f"{url}/{key}")[0] == 403
    assert sam.call("DELETE", f"{url}/{key}")[0] == 204
    assert [r["status"] for r in sam.call("GET", url)[1]["requests"]] == ["withdrawn"]
    assert sam.call("DELETE", f"{url}/{key}")[0] == 409


def test_trials_are_listed(app: Flask, world: World) -> None:
    finish(world, submit(world, "sam").id)
    ida, here = Program(app, world, "ida"), f"/assignments/{SLUG}/trials"
    status, made = ida.call("POST", f"{here}?course=dl-2026", {"reason": "a new check"})
    assert status == 201
    [listed] = ida.call("GET", f"{here}?course=dl-2026")[1]["trials"]
    assert (listed["id"], listed["reason"]) == (made["id"], "a new check")
    assert ida.call("POST", f"{here}/{made['id']}/drop?course=dl-2026")[1]["status"] == "dropped"


def test_administrators_see_storage_and_packages(app: Flask, world: World) -> None:
    submit(world, "sam", notebook("x = 5"))
    with world.backend.writing() as s:
        accounts.set_admin(s, user=s.get_one(User, world.people["olga"].id), admin=True, by=ADMIN)
    olga = Program(app, world, "olga")
    storage = olga.call("GET", "/admin/storage")[1]
    assert storage["handed_in"]["files"] == 1
    assert storage["handed_in"]["size_bytes"] > 100
    names = [found["name"] for found in olga.call("GET", "/admin/environments")[1]["environments"]]
    assert "course" in names


def test_a_cell_tells_its_history_and_many_are_decided_at_once(app: Flask, world: World) -> None:
    ida, course = Program(app, world, "ida"), "?course=dl-2026"
    sam, sue = world.people["sam"], world.people["sue"]
    excuse = {"students": [sam.email, sue.email], "excused": True, "note": "fire alarm"}
    assert ida.call("POST", f"/assignments/{SLUG}/excuses{course}", excuse)[1] == {"changed": 2, "left": []}
    status, cell = ida.call("GET", f"/courses/dl-2026/gradebook/{SLUG}/{sam.id}")
    assert (status, cell["excused"], cell["note"]) == (200, True, "fire alarm")
    assert [change["action"] for change in cell["history"]] == ["grade.changed"]
    assert "user:ida@example.org" in cell["history"][0]["by"]
    later = {"students": [sam.email, sue.email], "extra_attempts": 2, "reason": "ill"}
    given = ida.call("POST", f"/assignments/{SLUG}/extensions{course}", later)[1]["extensions"]
    assert sorted((one["student"], one["extra_attempts"]) for one in given) == [(sam.email, 2), (sue.email, 2)]
    assert ida.call("DELETE", f"/assignments/{SLUG}/extensions/{sam.id}{course}")[0] == 204
    nobody = {**later, "students": [sam.email, "nobody@example.org"]}
    assert ida.call("POST", f"/assignments/{SLUG}/extensions{course}", nobody)[0] == 422
    assert Program(app, world, "tom").call("POST", f"/assignments/{SLUG}/excuses{course}", excuse)[0] == 403


def test_administrators_set_how_long_files_are_kept_and_which_platforms_there_are(app: Flask, world: World) -> None:
    with world.backend.writing() as s:
        accounts.set_admin(s, user=s.get_one(User, world.people["olga"].id), admin=True, by=ADMIN)
    olga = Program(app, world, "olga")
    rule = olga.call("PUT", "/admin/retention", {"executed_months": 6, "files_months": None})[1]
    assert (rule["executed_months"], rule["would_remove"]["files"]) == (6, 0)
    assert olga.call("PUT", "/admin/retention", {"executed_months": 0})[0] == 422
    assert olga.call("POST", "/admin/retention/apply")[1]["executed"] == 0
    made = olga.call("POST", "/admin/platforms/invite", {"name": "Moodle"})
    assert made[0] == 201
    assert "/lti/register/" in made[1]["address"]
    assert olga.call("POST", "/admin/platforms/keys", {"leaked": False})[0] == 201
    assert olga.call("GET", "/admin/platforms")[1] == {"platforms": []}
    wrong = {"name": "M", "issuer": "no", "client_id": "1", "auth_url": "x", "token_url": "x", "jwks_url": "x"}
    assert olga.call("POST", "/admin/platforms", wrong)[0] == 422


def test_instructors_say_whether_assistants_may_look(app: Flask, world: World) -> None:
    ida = Program(app, world, "ida")
    assert ida.call("PUT", "/courses/dl-2026/view-as", {"assistants": True}) == (200, {"assistants": True})
    assert Program(app, world, "tom").call("GET", "/courses/dl-2026/view-as")[1] == {"assistants": True}
