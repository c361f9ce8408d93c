"""What is told when something goes wrong, and what never is."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from grader.broker import JobBroker
from grader.errors import DomainError
from grader.web import access
from grader.web.app import create_app
from grader.web.errors import STATUS_OF_EDGE
from grader.web.problems import EdgeError
from grader.web.statuses import STATUS_OF_CODE
from tests.unit.web.conftest import Browser
from tests.unit.web.world import World, make_settings, submit


def all_below(kind: type) -> set[type]:
    return {c for k in kind.__subclasses__() for c in {k, *all_below(k)}}


def test_every_error_that_a_user_may_meet_has_a_status(app: Flask) -> None:
    codes = {kind.code for kind in all_below(DomainError) if kind.__module__.startswith("grader.")}  # type: ignore[attr-defined]
    internal = {"broker-down"}  # between the services; never raised to a request
    assert codes - internal <= set(STATUS_OF_CODE)
    assert all_below(EdgeError) == set(STATUS_OF_EDGE)


@pytest.mark.parametrize("path", ["/fails", "/api/v1/fails"])
def test_a_fault_of_ours_gives_an_incident_and_no_traceback(
    world: World, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(world.settings)

    def fails() -> str:
        raise ValueError("the secret inner workings")

    app.add_url_rule(path, "fails", access.allow_anyone(fails))
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get(path)
    assert answer.status_code == 500
    assert "secret inner workings" not in answer.text
    assert "Traceback" not in answer.text
    incident = re.search(r"\b[0-9a-f]{8}\b", answer.text)
    assert incident is not None
    assert incident.group() in caplog.text
    assert "the secret inner workings" in caplog.text


def test_unknown_addresses_and_methods_are_told_plainly(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404
    missing = client.get("/api/v1/nowhere")
    assert missing.status_code == 404
    assert missing.mimetype == "application/problem+json"
    assert missing.json is not None
    assert missing.json["detail"].startswith("There is nothing at this address")
    assert client.delete("/sign-in").status_code == 405


def test_an_address_with_nul_is_no_page_before_a_database_is_asked(sam: Browser) -> None:
    answer = sam.client.get("/submissions/a%00b")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


def test_headers_forbid_scripts_and_styles_from_elsewhere(client: FlaskClient) -> None:
    for path in ("/sign-in", "/nowhere", "/api/docs", "/api/v1/me", "/static/app.css"):
        with client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_not_kept_and_files_are(sam: Browser) -> None:
    assert sam.client.get("/").headers["Cache-Control"] == "no-store"
    with sam.client.get("/static/app.css") as answer:
        assert "max-age" in answer.headers["Cache-Control"]


def test_pages_name_no_other_host_and_carry_no_inline_code(sam: Browser, world: World) -> None:
    submission = submit(world)
    for path in ("/", f"/submissions/{submission.id}", "/api/docs"):
        page = sam.client.get(path).text
        assert not re.search(r'(src|href)="(https?:)?//', page)
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"\sstyle=|\son[a-z]+=", page)


def test_alive_asks_nothing_of_others(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "home", database_url=f"sqlite:///{tmp_path}/gone/grader.db")
    answer = create_app(settings).test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_tells_each_part(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client.get("/readyz")  # this service has no broker
    assert answer.status_code == 200, "what is handed in is kept"
    assert answer.json == {"status": "degraded", "parts": {"database": "ok", "broker": "down", "storage": "ok"}}
    monkeypatch.setattr(JobBroker, "answers", lambda self: True)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")


def test_the_document_names_both(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    assert set(document["paths"]["/readyz"]["get"]["responses"]) >= {"200", "503"}
    assert "/healthz" in document["paths"]
    assert not any("internal" in path for path in document["paths"])


def test_not_ready_without_a_database_or_a_store_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    gone = f"sqlite:///{tmp_path}/gone/grader.db"
    settings = make_settings(tmp_path / "home", database_url=gone, blob_url=str(tmp_path / "file/blobs"))
    answer = create_app(settings).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "not ready"
    assert (answer.json["parts"]["database"], answer.json["parts"]["storage"]) == ("down", "down")
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(("revision", "state"), [("0001", "not migrated"), ("9999", "ok")])
def test_not_ready_before_the_migration_but_beside_a_later_one(
    world: World, client: FlaskClient, revision: str, state: str
) -> None:
    with world.backend.writing() as s:
        s.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})
    answer = client.get("/readyz")
    assert answer.json is not None
    assert answer.json["parts"]["database"] == state
    assert answer.status_code == (200 if state == "ok" else 503)


def test_pages_say_so_when_the_database_is_gone(world: World, sam: Browser) -> None:
    with world.backend.writing() as s:
        s.execute(text("ALTER TABLE enrolments RENAME TO elsewhere"))
    answer = sam.client.get("/")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    assert "no such table" not in answer.text


def test_addresses_are_those_that_a_trusted_proxy_names(world: World) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "grade.example.org"}
    headers = {**forwarded, "Authorization": f"Bearer {world.tokens['sam']}"}
    for proxies, start in ((0, "http://localhost/"), (1, "https://grade.example.org/")):
        app = create_app(make_settings(world.settings.home, trusted_proxies=proxies))
        answer = app.test_client().get("/api/v1/assignments", headers=headers)
        assert answer.json is not None
        assert answer.json["assignments"][0]["url"].startswith(start)
