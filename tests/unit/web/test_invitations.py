"""Invitations: a link that brings one person into a course, and nobody else, once."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask

from grader.accounts import service as accounts
from grader.courses import queries as courses
from grader.courses import service as enrolling
from grader.db.models import Role, User
from grader.people import invitations
from grader.time import utc_now
from tests.unit.web.conftest import Browser, as_user, csrf_of
from tests.unit.web.test_api_beside_pages import Program
from tests.unit.web.world import ADMIN, PASSWORD, World

PEOPLE = "/courses/dl-2026/people"


def link_to(ida: Browser, email: str, role: str = "student") -> str:
    data = {"csrf_token": ida.token(PEOPLE), "email": email, "role": role, "section": "B"}
    page = ida.client.post(f"{PEOPLE}/invitations", data=data)
    assert page.status_code == 200, page.text
    found = re.search(r'value="[^"]*(/invitations/[^"]+)"', page.text)
    assert found
    return found[1]


def role_of(world: World, user: User) -> Role | None:
    with world.backend.reading() as s:
        return courses.role_of(s, user_id=user.id, course_id=world.course.id)


def send(browser: Browser, link: str, **fields: str) -> int:
    token = csrf_of(browser.client.get(link).text)
    return browser.client.post(link, data={"csrf_token": token, **fields}).status_code


def test_somebody_new_chooses_a_password_and_is_in_the_course(app: Flask, world: World, ida: Browser) -> None:
    link, visitor = link_to(ida, "Nora@Example.org"), Browser(app)
    assert "nora@example.org" in ida.client.get(PEOPLE).text
    assert send(visitor, link, name="Nora New", password="short") == 422
    assert send(visitor, link, name="Nora New", password=PASSWORD) == 303
    assert "Deep Learning 2026" in visitor.client.get("/").text
    people = Program(app, world, "ida").call("GET", PEOPLE)[1]["people"]
    assert [(p["name"], p["section"]) for p in people if p["email"] == "nora@example.org"] == [("Nora New", "B")]
    again = Browser(app)
    assert again.client.get(link).status_code == 410
    again.sign_in("nora")


def test_an_account_in_use_joins_only_by_its_own_sign_in(app: Flask, world: World, ida: Browser) -> None:
    link, visitor = link_to(ida, "olga@example.org", "ta"), Browser(app)
    page = visitor.client.get(link).text
    assert f"/sign-in?next={link}" in page
    assert 'name="password"' not in page
    token = visitor.token("/sign-in")
    taken = visitor.client.post(link, data={"csrf_token": token, "name": "x", "password": "another password"})
    assert taken.status_code == 409, "whoever has the link must not set the password of somebody's account"
    sue = as_user(app, "sue")
    assert sue.client.post(link, data={"csrf_token": sue.token("/")}).status_code == 409
    assert role_of(world, world.people["olga"]) is None
    olga = as_user(app, "olga")
    assert send(olga, link) == 303
    assert role_of(world, world.people["olga"]) is Role.TA


def test_a_person_of_the_roster_who_never_came_gets_a_password(app: Flask, world: World, ida: Browser) -> None:
    with world.backend.writing() as s:
        rosa = accounts.create_user(s, email="rosa@example.org", name="Rosa Roster", by=ADMIN)
        enrolling.enrol(s, user=rosa, course=world.course, role=Role.STUDENT, by=ADMIN)
    assert send(Browser(app), link_to(ida, "rosa@example.org"), name="Rosa", password=PASSWORD) == 303
    Browser(app).sign_in("rosa")


def test_a_roster_account_of_another_course_too_is_not_ours_to_open(app: Flask, world: World, ida: Browser) -> None:
    with world.backend.writing() as s:
        rosa = accounts.create_user(s, email="rosa@example.org", name="Rosa Roster", by=ADMIN)
        enrolling.enrol(s, user=rosa, course=world.other, role=Role.STUDENT, by=ADMIN)
    link = link_to(ida, "rosa@example.org")
    assert 'name="password"' not in Browser(app).client.get(link).text


def test_an_account_that_no_roster_of_the_course_made_is_not_ours_to_open(
    app: Flask, world: World, ida: Browser
) -> None:
    with world.backend.writing() as s:
        accounts.create_user(s, email="rosa@example.org", name="Rosa, for single sign-on", by=ADMIN)
        toni = accounts.create_user(s, email="toni@example.org", name="Toni, who has programs", by=ADMIN)
        enrolling.enrol(s, user=toni, course=world.course, role=Role.STUDENT, by=ADMIN)
        accounts.issue_token(s, user=toni, label="uploads", by=ADMIN)
    assert 'name="password"' not in Browser(app).client.get(link_to(ida, "rosa@example.org")).text
    data = {"csrf_token": ida.token(PEOPLE), "email": "toni@example.org", "role": "student"}
    assert ida.client.post(f"{PEOPLE}/invitations", data=data).status_code == 409  # is in the course, and was here


def test_a_link_ends_when_it_is_taken_back_replaced_or_old(app: Flask, world: World, ida: Browser) -> None:
    first, visitor = link_to(ida, "nora@example.org"), Browser(app)
    second = link_to(ida, "nora@example.org")
    assert [visitor.client.get(link).status_code for link in (first, second)] == [410, 200]
    program = Program(app, world, "ida")
    [open_one] = program.call("GET", "/courses/dl-2026/invitations")[1]["invitations"]
    assert program.call("DELETE", f"/courses/dl-2026/invitations/{open_one['id']}")[0] == 204
    assert visitor.client.get(second).status_code == 410
    long_ago = utc_now() - invitations.LIFETIME - timedelta(minutes=1)
    with world.backend.writing() as s:
        old = invitations.invite(
            s, course=world.course, email="nora@example.org", role=Role.STUDENT, section="",
            by=world.people["ida"], now=long_ago,
        )  # fmt: skip
    assert visitor.client.get(f"/invitations/{old.token}").status_code == 410


def test_programs_invite_and_people_who_are_there_are_not_invited(app: Flask, world: World) -> None:
    program = Program(app, world, "ida")
    status, made = program.call("POST", "/courses/dl-2026/invitations", {"email": "nora@example.org", "role": "ta"})
    assert (status, made["role"]) == (201, "ta")
    assert Browser(app).client.get(made["link"]).status_code == 200
    assert program.call("POST", "/courses/dl-2026/invitations", {"email": "sam@example.org"})[0] == 409
    assert program.call("POST", "/courses/dl-2026/invitations", {"email": "no address"})[0] == 422
