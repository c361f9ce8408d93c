"""Comments from staff, as staff write them and students read them."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from grader.courses.service import release_of
from grader.db.models import Assignment, AuditEntry, Submission, SubmissionComment
from tests.unit.web.conftest import Browser
from tests.unit.web.world import World, finish, submit


def write(browser: Browser, submission_id: str, text: str, check: str = "", comment: str = "", **more: str) -> int:
    page = f"/submissions/{submission_id}"
    data = {"csrf_token": browser.token(page), "text": text, "check": check, **more}
    return browser.client.post(f"{page}/comments" + (f"/{comment}" if comment else ""), data=data).status_code


def graded(world: World) -> tuple[str, str]:
    """The id of a graded submission, and the key of its first check."""
    done = submit(world).id
    finish(world, done)
    with world.backend.reading() as s:
        return done, release_of(s.get_one(Submission, done).version).checks[0].key


def only(world: World) -> SubmissionComment:
    with world.backend.reading() as s:
        return s.scalars(select(SubmissionComment)).one()


def test_a_student_reads_comments_with_author_and_role_and_cannot_write_any(
    world: World, ida: Browser, sam: Browser
) -> None:
    done, key = graded(world)
    assert write(ida, done, "Nice <b>start</b>.\nMind the sign.", key) == 303
    page = sam.client.get(f"/submissions/{done}").text
    assert "Nice &lt;b&gt;start&lt;/b&gt;." in page
    assert "Ida Instructor" in page
    assert "instructor" in page
    assert f'href="#check-{key}"' in page
    assert "Change or take back" not in page
    assert write(sam, done, "me too") == 403
    report = sam.client.get(f"/submissions/{done}/report.html").text
    assert "Mind the sign." in report
    [found] = sam.client.get(f"/submissions/{done}/report.json").json["comments"]
    assert (found["author"], found["role"], found["check_key"]) == ("Ida Instructor", "instructor", key)


def test_every_earlier_text_is_kept_and_only_the_author_changes_it(world: World, app: Flask, ida: Browser) -> None:
    done, _ = graded(world)
    write(ida, done, "First")
    comment = only(world)
    assert write(ida, done, "Second", comment=comment.id, revision="1", what="edit") == 303
    assert write(ida, done, "Third", comment=comment.id, revision="1", what="edit") == 409
    tom = Browser(app)
    tom.sign_in("tom")
    assert write(tom, done, "Mine", comment=comment.id, revision="2", what="edit") == 403
    assert write(ida, done, "", comment=comment.id, what="remove") == 303
    assert "Second" not in ida.client.get(f"/submissions/{done}").text.split("Audit</h2>")[0]
    with world.backend.reading() as s:
        query = select(AuditEntry).where(AuditEntry.action.like("comment.%")).order_by(AuditEntry.id)
        kept = [(e.action, (e.before or {}).get("text"), (e.after or {}).get("text")) for e in s.scalars(query)]
    assert kept == [
        ("comment.added", None, "First"),
        ("comment.edited", "First", "Second"),
        ("comment.removed", "Second", None),
    ]


def test_what_cannot_be_saved_is_not_lost(world: World, ida: Browser) -> None:
    done, _ = graded(world)
    token = ida.token(f"/submissions/{done}")
    answer = ida.client.post(
        f"/submissions/{done}/comments", data={"csrf_token": token, "text": "Long thoughts", "check": "no-such"}
    )
    assert answer.status_code == 422
    assert "Long thoughts</textarea>" in answer.text
    assert write(ida, done, "   ") == 422


def test_comments_stay_hidden_as_long_as_the_grades_do(world: World, ida: Browser, sam: Browser) -> None:
    done, _ = graded(world)
    write(ida, done, "You lost two points")
    with world.backend.writing() as s:
        s.get_one(Assignment, world.assignment.id).grades_hidden = True
    assert "You lost two points" not in sam.client.get(f"/submissions/{done}").text
    assert sam.client.get(f"/submissions/{done}/report.json").json["comments"] == []
    assert "You lost two points" in ida.client.get(f"/submissions/{done}").text


def test_programs_comment_too(app: Flask, world: World) -> None:
    done, key = graded(world)
    client, ida = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    address = f"/api/v1/submissions/{done}/comments"
    unread = client.post(address, headers=ida, json={"text": "Well done", "key": key})
    assert unread.status_code == 422  # what nobody reads was meant for something
    made = client.post(address, headers=ida, json={"text": "Well done", "check": key})
    assert (made.status_code, made.json["revision"]) == (201, 1)
    one = f"{address}/{made.json['id']}"
    assert client.put(one, headers=ida, json={"text": "Well done!", "revision": 1}).json["revision"] == 2
    tom = {"Authorization": f"Bearer {world.tokens['tom']}"}
    assert client.delete(one, headers=tom).status_code == 403
    assert client.delete(one, headers=ida).status_code == 204
    assert client.delete(one, headers=ida).status_code == 404
    assert client.get(f"/api/v1/submissions/{done}", headers=ida).json["comments"] == []
