"""Comparisons as staff begin and read them: the real service over real submissions."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.db.models import AuditEntry, Comparison, ComparisonStatus, Grade, Role, SimilarPair
from grader.similarity.comparer import SILENT
from grader.tasks.similarity import announce, comparer
from grader.time import utc_now
from tests.unit.similarity.notebooks import ALONE, ANN, BOB, everything
from tests.unit.web.conftest import Browser, csrf_of
from tests.unit.web.world import ADMIN, SLUG, World, notebook, submit

PAGE = f"/courses/dl-2026/assignments/{SLUG}/similarity"
API = f"/api/v1/assignments/{SLUG}/similarity"
COURSE = {"course": "dl-2026"}


@pytest.fixture
def copied(world: World) -> World:
    """sam's own work, and sue's disguised copy of it after an honest first try."""
    submit(world, "sam", notebook(*ANN))
    submit(world, "sue", notebook(*BOB))
    submit(world, "sue", notebook(*everything(ANN)))
    return world


def compare(browser: Browser, world: World, **fields: str) -> Comparison:
    token = browser.token(PAGE)
    answer = browser.client.post(PAGE, data={"csrf_token": token, **fields})
    assert answer.status_code == 303, answer.text
    with world.backend.reading() as session:
        owed = session.scalars(select(Comparison).order_by(Comparison.id.desc())).first()
    assert owed is not None
    assert owed.status is ComparisonStatus.WAITING
    comparer(world.backend).work(owed.id)
    with world.backend.reading() as session:
        return session.get_one(Comparison, owed.id)


def pairs(world: World) -> list[SimilarPair]:
    with world.backend.reading() as session:
        return list(session.scalars(select(SimilarPair)))


def test_a_copy_is_listed_shown_side_by_side_and_kept_with_a_note(ida: Browser, copied: World) -> None:
    done = compare(ida, copied)
    assert (done.status, done.done, done.total, done.found) == (ComparisonStatus.DONE, 2, 2, 1)
    html = ida.client.get(PAGE).text
    assert "1 pair among 2 submissions" in html
    [pair] = pairs(copied)
    address = f"{PAGE}/{pair.id}"
    shown = ida.client.get(address).text
    assert "Sam Student" in shown
    assert "Sue Ünlü" in shown
    assert "<mark>" in shown

    token = csrf_of(shown)
    without_note = ida.client.post(address, data={"csrf_token": token, "decision": "kept", "revision": "0"})
    assert without_note.status_code == 422
    kept = {"csrf_token": token, "decision": "kept", "note": "same odd loop", "revision": "0"}
    assert ida.client.post(address, data=kept).status_code == 303
    assert "same odd loop" in ida.client.get(address).text
    assert ida.client.post(address, data=kept).status_code == 409  # from a page that was read before
    with copied.backend.reading() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("similarity.%"))))
        assert sorted(actions) == ["similarity.decided", "similarity.started"]
        assert session.scalars(select(Grade)).all() == []


def test_a_decision_outlives_the_next_comparison_and_what_is_gone_disappears(ida: Browser, copied: World) -> None:
    compare(ida, copied)
    [pair] = pairs(copied)
    token = ida.token(f"{PAGE}/{pair.id}")
    ida.client.post(f"{PAGE}/{pair.id}", data={"csrf_token": token, "decision": "dismissed", "revision": "0"})
    compare(ida, copied)
    [again] = pairs(copied)
    assert again.id == pair.id
    assert "Sue Ünlü" not in ida.client.get(PAGE).text
    assert "Sue Ünlü" in ida.client.get(f"{PAGE}?dismissed=yes").text


def test_an_undecided_pair_goes_when_the_work_was_written_anew(ida: Browser, copied: World) -> None:
    compare(ida, copied)
    assert len(pairs(copied)) == 1
    submit(copied, "sue", notebook(*ALONE["cyd"]))
    compare(ida, copied)
    assert pairs(copied) == []


def test_students_see_nothing_of_it(app: Flask, sam: Browser, ida: Browser, copied: World) -> None:
    compare(ida, copied)
    [pair] = pairs(copied)
    assert sam.client.get(f"{PAGE}/{pair.id}").status_code == 403
    headers = {"Authorization": f"Bearer {copied.tokens['sam']}"}
    assert app.test_client().get(API, query_string=COURSE, headers=headers).status_code == 403


def test_other_years_are_compared_only_where_one_teaches(ida: Browser, world: World) -> None:
    submit(world, "sam", notebook(*everything(ANN)))
    submit(world, "sue", notebook(*BOB))
    with world.backend.writing() as session:
        other = courses.queries.assignment_in_course(session, course_id=world.other.id, slug=SLUG)
    assert other is not None
    old = World(world.backend, world.people, world.tokens, world.other, world.course, other)
    submit(old, "olga", notebook(*ANN))
    assert compare(ida, world, earlier="yes").found == 0
    with world.backend.writing() as session:
        courses.enrol(session, user=world.people["ida"], course=world.other, role=Role.TA, by=ADMIN)
    assert compare(ida, world, earlier="yes").found == 1
    [pair] = pairs(world)
    assert "Olga Other" in ida.client.get(f"{PAGE}/{pair.id}").text
    tom = Browser(ida.client.application)
    tom.sign_in("tom")  # assistant of the one course alone
    shown = tom.client.get(f"{PAGE}/{pair.id}").text
    assert "Olga" not in shown
    assert "whose staff you are not" in shown


def test_a_comparison_is_done_once_and_taken_over_from_whoever_fell_silent(ida: Browser, copied: World) -> None:
    done = compare(ida, copied)
    assert comparer(copied.backend).work(done.id) == "not to do"
    with copied.backend.writing() as session:
        row = session.get_one(Comparison, done.id)
        row.status, row.seen_at = ComparisonStatus.RUNNING, utc_now()
    assert comparer(copied.backend).work(done.id) == "not to do"
    token = ida.token("/")
    assert ida.client.post(PAGE, data={"csrf_token": token}).status_code == 409
    with copied.backend.writing() as session:
        session.get_one(Comparison, done.id).seen_at = utc_now() - 2 * SILENT
    assert comparer(copied.backend).work(done.id) == "1 pairs"


def test_a_broker_that_is_away_leaves_it_to_the_next_sweep(copied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.similarity import service
    from grader.tasks import similarity

    with copied.backend.writing() as session:
        service.begin(session, assignment=copied.assignment, with_earlier=False, by=copied.people["ida"])

    def refused(*_: object, **__: object) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(similarity.compare, "apply_async", refused)
    assert announce(copied.backend) == 0
    sent: list[Any] = []
    monkeypatch.setattr(similarity.compare, "apply_async", lambda args, **_: sent.append(args))
    assert announce(copied.backend) == 1
    assert len(sent) == 1


def test_a_fault_is_told_to_staff_and_it_can_be_begun_again(ida: Browser, copied: World) -> None:
    class Broken:
        def get(self, digest: str) -> bytes:
            raise RuntimeError("disk on fire")

    token = ida.token(PAGE)
    ida.client.post(PAGE, data={"csrf_token": token})
    with copied.backend.reading() as session:
        owed = session.scalars(select(Comparison)).one()
    work = comparer(copied.backend)
    work._blobs = Broken()  # type: ignore[assignment]
    assert work.work(owed.id) == "failed"
    assert "The comparison stopped: RuntimeError" in ida.client.get(PAGE).text
    assert compare(ida, copied).found == 1


def test_the_api_does_the_same(app: Flask, copied: World) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {copied.tokens['ida']}"}
    begun = client.post(API, query_string=COURSE, headers=headers, json={})
    assert begun.status_code == 202, begun.text
    assert begun.json is not None
    assert client.post(API, query_string=COURSE, headers=headers, json={}).status_code == 409
    comparer(copied.backend).work(begun.json["id"])
    found = client.get(API, query_string=COURSE, headers=headers).json
    assert found is not None
    assert found["total"] == 1
    [pair] = found["pairs"]
    assert {pair["first"]["student"], pair["second"]["student"]} == {"sam@example.org", "sue@example.org"}
    body = {"decision": "dismissed", "revision": pair["revision"]}
    decided = client.put(f"{API}/{pair['id']}", query_string=COURSE, headers=headers, json=body)
    assert decided.json is not None
    assert decided.json["decision"] == "dismissed"
    assert client.get(API, query_string=COURSE, headers=headers).json["total"] == 0  # type: ignore[index]


def test_staff_who_try_the_assignment_are_not_compared(ida: Browser, copied: World) -> None:
    with copied.backend.writing() as session:
        user = accounts.create_user(session, email="tia@example.org", name="Tia", password="correct horse battery")
        courses.enrol(session, user=user, course=copied.course, role=Role.TA, by=ADMIN)
    copied.people["tia"] = user
    submit(copied, "tia", notebook(*ANN))
    assert compare(ida, copied).found == 1
