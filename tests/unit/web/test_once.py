"""Requests with a key, and forms that are sent twice, are done once; whoever calls too often waits."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from grader.api.v1 import routes
from grader.db.models import IdempotentAnswer, Submission, WebhookEndpoint
from grader.idempotency.service import KEPT, LONGEST
from grader.time import utc_now
from grader.web.limits import UPLOADS_PER_PERSON
from tests.support.rows import rows_in
from tests.unit.web.conftest import Browser
from tests.unit.web.world import SLUG, World, notebook

PAGE = f"/courses/dl-2026/assignments/{SLUG}"
UPLOAD = f"/api/v1/assignments/{SLUG}/submissions?course=dl-2026"
HOOKS = "/api/v1/courses/dl-2026/webhooks"


def call(app: Flask, world: World, who: str, key: str, data: bytes, path: str = UPLOAD) -> TestResponse:
    headers = {"Authorization": f"Bearer {world.tokens[who]}", "Idempotency-Key": key}
    return app.test_client().post(path, headers=headers, data={"notebook": (io.BytesIO(data), "hw.ipynb")})


def age_claims(world: World, by: timedelta, **values: object) -> None:
    with world.backend.writing() as session:
        session.execute(update(IdempotentAnswer).values(created_at=utc_now() - by, **values))


def test_the_same_key_and_file_are_one_submission_with_one_answer(app: Flask, world: World) -> None:
    first, again = (call(app, world, "sam", "k1", notebook("a = 1")) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert rows_in(world.backend, Submission) == 1


def test_the_same_key_with_another_file_is_refused(app: Flask, world: World) -> None:
    call(app, world, "sam", "k1", notebook("a = 1"))
    other = call(app, world, "sam", "k1", notebook("a = 2"))
    assert other.status_code == 422
    assert other.content_type == "application/problem+json"
    assert other.json is not None
    assert other.json["code"] == "idempotency-key-reused"
    assert rows_in(world.backend, Submission) == 1


def test_keys_of_two_people_have_nothing_to_do_with_each_other(app: Flask, world: World) -> None:
    assert call(app, world, "sam", "k1", notebook("a = 1")).status_code == 202
    assert call(app, world, "sue", "k1", notebook("a = 2")).status_code == 202
    assert rows_in(world.backend, Submission) == 2


def test_a_refusal_is_an_answer_too(app: Flask, world: World) -> None:
    first, again = (call(app, world, "sam", "k1", b"%PDF-1.7") for _ in range(2))
    assert first.status_code == again.status_code == 422
    assert again.content_type == "application/problem+json"
    assert "Idempotent-Replayed" in again.headers


def test_after_a_day_the_key_is_new(app: Flask, world: World) -> None:
    call(app, world, "sam", "k1", notebook("a = 1"))
    age_claims(world, KEPT + timedelta(seconds=1))
    assert call(app, world, "sam", "k1", notebook("a = 2")).status_code == 202
    assert rows_in(world.backend, Submission) == 2


@pytest.mark.parametrize(
    ("age", "code"),
    [(timedelta(0), "idempotency-key-busy"), (LONGEST, "idempotency-key-unsettled")],
)
def test_while_the_first_is_not_answered_nothing_is_done_twice(
    app: Flask, world: World, age: timedelta, code: str
) -> None:
    call(app, world, "sam", "k1", notebook("a = 1"))
    age_claims(world, age, status=None)
    again = call(app, world, "sam", "k1", notebook("a = 1"))
    assert again.status_code == 409
    assert again.json is not None
    assert again.json["code"] == code
    assert rows_in(world.backend, Submission) == 1


def test_after_a_fault_of_ours_the_key_is_free(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("not today")

    with monkeypatch.context() as patched:
        patched.setattr(routes, "hand_in", broken)
        assert call(app, world, "sam", "k1", notebook("a = 1")).status_code == 500
    assert call(app, world, "sam", "k1", notebook("a = 1")).status_code == 202
    assert rows_in(world.backend, Submission) == 1


def test_a_key_that_cannot_be_kept_is_refused(app: Flask, world: World) -> None:
    assert call(app, world, "sam", "k" * 201, notebook()).status_code == 422
    assert rows_in(world.backend, Submission) == 0


def test_secrets_in_answers_are_kept_sealed(app: Flask, world: World) -> None:
    headers = {"Authorization": f"Bearer {world.tokens['ida']}", "Idempotency-Key": "hook-1"}
    first, again = (
        app.test_client().post(HOOKS, headers=headers, json={"url": "https://93.184.216.34/hook"}) for _ in range(2)
    )
    assert first.status_code == 201, first.text
    assert first.json == again.json
    assert rows_in(world.backend, WebhookEndpoint) == 1
    with world.backend.reading() as session:
        kept = session.scalars(select(IdempotentAnswer.answer)).one()
    assert first.json is not None
    assert first.json["secret"] not in kept
    assert kept


def hidden(browser: Browser) -> dict[str, str]:
    """The hidden fields of the upload form."""
    html = browser.client.get(PAGE).get_data(as_text=True)
    form = html[html.index("data-upload") :]
    return {name: form.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf_token", "once")}


def send(browser: Browser, fields: dict[str, str], data: bytes) -> TestResponse:
    return browser.client.post(PAGE, data={**fields, "notebook": (io.BytesIO(data), "hw.ipynb")})


def test_a_form_sent_twice_is_one_submission(sam: Browser, world: World) -> None:
    fields = hidden(sam)
    first, again = (send(sam, fields, notebook("a = 1")) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert rows_in(world.backend, Submission) == 1


def test_a_double_click_is_one_submission(app: Flask, sam: Browser, world: World) -> None:
    fields = hidden(sam)
    cookie = sam.client.get_cookie("grader")
    assert cookie is not None
    together = Barrier(2)

    def click(_: int) -> TestResponse:
        browser = Browser(app)
        browser.client.set_cookie("grader", cookie.value)
        together.wait(30)
        return send(browser, fields, notebook("a = 1"))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert rows_in(world.backend, Submission) == 1


def test_going_back_and_choosing_another_file_is_a_new_submission(sam: Browser, world: World) -> None:
    fields = hidden(sam)
    assert send(sam, fields, notebook("a = 1")).location != send(sam, fields, notebook("a = 2")).location
    assert rows_in(world.backend, Submission) == 2


def test_a_form_that_was_refused_can_be_sent_again(sam: Browser, world: World) -> None:
    fields = hidden(sam)
    assert send(sam, fields, b"%PDF-1.7").status_code == 422
    with world.backend.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdempotentAnswer)) == 0


def test_handing_in_without_pause_is_stopped(app: Flask, world: World) -> None:
    most = int(UPLOADS_PER_PERSON.split()[0])
    headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
    client = app.test_client()
    answers = [client.post(UPLOAD, headers=headers) for _ in range(2 * most + 1)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused  # also where a minute of the clock ended in between
    assert refused[0].content_type == "application/problem+json"
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    others = {"Authorization": f"Bearer {world.tokens['sue']}"}
    assert client.post(UPLOAD, headers=others).status_code == 415
