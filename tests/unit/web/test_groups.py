"""Groups on pages and through the API."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

from flask import Flask

from grader.db.models import Assignment
from grader.gradebook import extensions
from grader.policies.terms import Allowance
from tests.unit.web.conftest import Browser, as_user
from tests.unit.web.test_news import home, seen_before
from tests.unit.web.world import ADMIN, SLUG, World, finish, submit

PAGE = f"/courses/dl-2026/assignments/{SLUG}"
GROUPS = f"{PAGE}/groups"
API = f"/api/v1/assignments/{SLUG}"


def allow(ida: Browser, **rules: str) -> None:
    data = {"csrf_token": ida.token(GROUPS), "together": "yes", "most": "2", "share_extensions": "yes", **rules}
    assert ida.client.post(f"{GROUPS}/rules", data=data).status_code == 303


def put(ida: Browser, name: str, members: str) -> str:
    data = {"csrf_token": ida.token(GROUPS), "name": name, "members": members}
    return ida.client.post(GROUPS, data=data, follow_redirects=True).text


def own(browser: Browser, **fields: str) -> str:
    data = {"csrf_token": browser.token(PAGE), **fields}
    return browser.client.post(f"{PAGE}/own-group", data=data, follow_redirects=True).text


def test_each_member_sees_what_the_other_handed_in(app: Flask, world: World, ida: Browser, sam: Browser) -> None:
    allow(ida)
    assert "1 group changed" in put(ida, "Team Ünal", "sam@example.org SUE@example.org")
    with world.backend.reading() as s:
        world = replace(world, assignment=s.get_one(Assignment, world.assignment.id))
    done = submit(world, "sam").id
    finish(world, done)
    sue = as_user(app, "sue")
    page = sue.client.get(f"/submissions/{done}").text
    assert "counts for the author and Sue Ünlü" in page
    assert "Your attempts" in page
    assert "counts for you and Sue Ünlü" in sam.client.get(f"/submissions/{done}").text
    assignment = sue.client.get(PAGE).text
    assert "Your group: Team Ünal" in assignment
    assert "Your group: you and Sam Student." in assignment
    assert "Attempt 1" in assignment
    assert sue.client.get(f"/submissions/{done}/receipt.json").status_code == 200


def test_programs_are_told_who_of_a_group_handed_in(app: Flask, world: World, ida: Browser) -> None:
    allow(ida)
    put(ida, "Team", "sam@example.org sue@example.org")
    with world.backend.reading() as s:
        world = replace(world, assignment=s.get_one(Assignment, world.assignment.id))
    submit(world, "sam")
    headers = {"Authorization": f"Bearer {world.tokens['sue']}"}
    answer = app.test_client().get(f"{API}/submissions", headers=headers)
    assert [row["student"] for row in answer.json["submissions"]] == ["sam@example.org"]  # type: ignore[index]


def test_an_extension_of_one_is_news_for_the_whole_group_where_it_holds_for_all(
    app: Flask, world: World, ida: Browser, sam: Browser
) -> None:
    allow(ida)
    put(ida, "Team", "sam@example.org sue@example.org")
    sue = as_user(app, "sue")
    for who in ("sam", "sue"):
        seen_before(world, who)
    with world.backend.writing() as s:
        extensions.grant(
            s, assignment=s.get_one(Assignment, world.assignment.id), students=[world.people["sam"]],
            allowance=Allowance(due_at=datetime(2031, 5, 8, 12, tzinfo=UTC)), reason="ill", by=ADMIN,
        )  # fmt: skip
    changed = "dates changed: now due 8 May 2031, 12:00 UTC."
    assert f"Your own {changed}" in home(sam)
    assert f"Your group's {changed}".replace("'", "&#39;") in home(sue)
    allow(ida, share_extensions="no")
    assert changed not in home(sue)


def test_a_file_sets_all_groups_or_none(ida: Browser) -> None:
    allow(ida)

    def send(text: str) -> tuple[int, str]:
        data = {"csrf_token": ida.token(GROUPS), "file": (io.BytesIO(text.encode()), "groups.csv")}
        answer = ida.client.post(GROUPS, data=data)
        return answer.status_code, answer.text

    status, text = send("email,group\nsam@example.org,A\nnobody@example.org,B\n")
    assert status == 422
    assert "nobody@example.org" in text
    assert "There is no group yet" in text
    assert send("email;group\nsam@example.org;A\nsue@example.org;A\n")[0] == 303
    csv = ida.client.get(f"{GROUPS}.csv").text.removeprefix("\ufeff").splitlines()
    assert csv == ["email,group", "sam@example.org,A", "sue@example.org,A"]


def test_what_cannot_be_says_why_and_keeps_what_was_typed(ida: Browser) -> None:
    allow(ida)
    text = put(ida, "Alpha", "sam@example.org tom@example.org")
    assert "tom@example.org is not a student" in text
    assert "sam@example.org tom@example.org</textarea>" in text
    data = {"csrf_token": ida.token(GROUPS), "together": "yes", "most": "many"}
    assert ida.client.post(f"{GROUPS}/rules", data=data).status_code == 422


def test_students_start_and_join_groups_where_they_may(app: Flask, ida: Browser, sam: Browser) -> None:
    assert "You work in groups" not in sam.client.get(PAGE).text
    assert "works alone" in own(sam, what="found", name="Alpha")
    allow(ida, by_students="yes")
    started = own(sam, what="found", name="Alpha")
    code = re.search(r'<code class="text-nowrap">([0-9a-f]{10})</code>', started)
    assert code
    sue = as_user(app, "sue")
    assert "No group has this code" in own(sue, what="join", code="beef")
    assert "You are in the group Alpha now" in own(sue, what="join", code=code.group(1))
    assert "You have left the group" in own(sue, what="leave")


def test_programs_do_the_same(app: Flask, world: World) -> None:
    client = app.test_client()
    ida, sam = ({"Authorization": f"Bearer {world.tokens[who]}"} for who in ("ida", "sam"))
    assert client.get(f"{API}/own-group", headers=sam).json == {"sentence": "", "group": None}
    rules = {"together": True, "most": 2, "by_students": True}
    assert client.put(f"{API}/groups/rules", headers=ida, json=rules).json["rules"]["most"] == 2
    groups = {"groups": [{"name": "A", "members": ["sam@example.org", "sue@example.org"]}]}
    made = client.put(f"{API}/groups", headers=ida, json=groups).json["groups"]
    assert [(g["name"], g["members"]) for g in made] == [("A", ["sam@example.org", "sue@example.org"])]
    mine = client.get(f"{API}/own-group", headers=sam).json
    assert mine["group"]["name"] == "A"
    assert "sue@example.org" in mine["sentence"]
    assert client.put(f"{API}/own-group", headers=sam, json={}).json["group"] is None
    assert client.put(f"{API}/own-group", headers=sam, json={"code": "beef"}).status_code == 422


def test_a_group_that_is_named_twice_loses_nobody(app: Flask, world: World, ida: Browser) -> None:
    allow(ida)
    put(ida, "Team", "sam@example.org")
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    twice = [{"name": "Team", "members": ["sam@example.org"]}, {"name": "Team", "members": ["sue@example.org"]}]
    refused = client.put(f"{API}/groups", headers=headers, json={"groups": twice})
    assert refused.status_code == 422
    assert "The group 'Team' is named twice" in refused.json["detail"]  # type: ignore[index]
    there = client.get(f"{API}/groups", headers=headers).json["groups"]  # type: ignore[index]
    assert [group["members"] for group in there] == [["sam@example.org"]]
