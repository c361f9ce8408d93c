"""The course total and decisions for many students, on pages and through the API."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from grader.courses import service as courses
from grader.db.models import Assignment, Course, Enrolment, Grade, Role
from grader.gradebook import extensions, ordering, table
from grader.gradebook.cells import NOTHING, Column, cells_of, result_of
from grader.gradebook.total_rules import rule_of
from grader.gradebook.totals import Result
from grader.policies.terms import Allowance
from grader.submissions.queries import grade_of
from grader.time import utc_now
from tests.unit.web.conftest import Browser
from tests.unit.web.test_dashboard import counted_queries
from tests.unit.web.world import ADMIN, SLUG, World, finish, submit
from worker.contract import Verdict

BOOK = "/courses/dl-2026/gradebook"
TOTAL = f"{BOOK}/total"
OWN = "/courses/dl-2026/grades"
RIGHT = (Verdict.PASSED,) * 6


def save_rule(browser: Browser, revision: int = 0, **fields: str) -> int:
    data = {"csrf_token": browser.token(TOTAL), "revision": str(revision), "drop_lowest": "0", **fields}
    return browser.client.post(TOTAL, data=data).status_code


def grade(world: World, who: str) -> Grade | None:
    with world.backend.reading() as s:
        return grade_of(s, student_id=world.people[who].id, assignment_id=world.assignment.id)


def overdue(world: World, *, hidden: bool = False) -> None:
    with world.backend.writing() as s:
        assignment = s.get_one(Assignment, world.assignment.id)
        assignment.due_at = utc_now() - timedelta(days=1)
        assignment.grades_hidden = hidden


def test_staff_set_the_rule_and_everybody_reads_it_in_words(world: World, ida: Browser, sam: Browser) -> None:
    finish(world, submit(world, "sue").id, RIGHT)
    overdue(world)
    assert "Work that is missing does not count" in sam.client.get(OWN).text
    assert save_rule(ida, missing_zero="yes", drop_lowest="1", **{f"weight-{SLUG}": "2,5"}) == 303
    own = sam.client.get(OWN).text
    assert "Total now: 0 %" in own
    assert "missing, counts as 0" in own
    assert "The lowest result of each student is left out" in own
    book = ida.client.get(f"{BOOK}?sort=total&order=descending").text
    assert book.index("100 %") < book.index("0 %</td>")
    assert 'class="is-missing"' in book
    assert 'value="2.5"' in ida.client.get(TOTAL).text
    rows = ida.client.get(f"{BOOK}.csv").text.splitlines()
    assert rows[0].endswith("Total in percent")


def test_what_cannot_be_saved_comes_back_as_it_was_typed(world: World, ida: Browser) -> None:
    assert save_rule(ida, drop_lowest="two") == 422
    assert save_rule(ida, **{f"weight-{SLUG}": "heavy"}) == 422
    assert save_rule(ida, drop_lowest="2") == 303
    token = ida.token(TOTAL)
    answer = ida.client.post(TOTAL, data={"csrf_token": token, "revision": "0", "drop_lowest": "3"})
    assert answer.status_code == 409
    assert 'value="3"' in answer.text
    assert 'name="revision" value="1"' in answer.text


def test_grades_that_are_not_released_are_not_in_the_students_total(world: World, sam: Browser) -> None:
    finish(world, submit(world, "sam").id, RIGHT)
    assert "Total now: 100 %" in sam.client.get(OWN).text
    overdue(world, hidden=True)
    own = sam.client.get(OWN).text
    assert "Total now: –" in own
    assert "not shown yet" in own


def test_many_are_excused_or_get_an_extension_in_one_step(world: World, ida: Browser) -> None:
    sam_id, sue_id = world.people["sam"].id, world.people["sue"].id
    data = {"csrf_token": ida.token(BOOK), "slug": SLUG, "who": "chosen", "section": "*"}
    assert ida.client.post(BOOK, data={**data, "what": "excuse", "note": "strike"}).status_code == 422
    missing = ida.client.post(BOOK, data={**data, "what": "excuse", "students": [sam_id]})
    assert missing.status_code == 422
    assert f'value="{sam_id}" aria-label="Sam Student" checked' in missing.text
    both = {**data, "students": [sam_id, sue_id]}
    assert ida.client.post(BOOK, data={**both, "what": "excuse", "note": "strike"}).status_code == 303
    excused = [grade(world, who) for who in ("sam", "sue")]
    assert [(g.excused, g.note) for g in excused if g is not None] == [(True, "strike")] * 2
    later = (utc_now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    extend = {**both, "what": "extend", "note": "strike", "due_at": later}
    assert "2 students now with the extension" in ida.client.post(BOOK, data=extend, follow_redirects=True).text


def test_all_that_the_filter_finds_means_the_section(world: World, ida: Browser) -> None:
    with world.backend.writing() as s:
        for enrolment in s.query(Enrolment).filter_by(user_id=world.people["sue"].id):
            enrolment.section = "Group 1"
    page = ida.client.get(f"{BOOK}?section=Group+1").text
    assert "Sue Ünlü" in page
    assert "Sam Student" not in page
    data = {"csrf_token": ida.token(BOOK), "slug": SLUG, "who": "all", "section": "Group 1", "what": "excuse"}
    assert ida.client.post(BOOK, data={**data, "note": "trip"}).status_code == 303
    sue, sam = grade(world, "sue"), grade(world, "sam")
    assert sue is not None
    assert sue.excused
    assert sam is None


def test_the_gradebook_asks_a_fixed_number_of_queries_in_every_order(world: World, ida: Browser) -> None:
    save_rule(ida, missing_zero="yes", drop_lowest="1")
    overdue(world)
    taken = []
    for who in ("sam", "sue"):
        finish(world, submit(world, who).id, RIGHT)
        with counted_queries(world) as statements:
            for sort in ("name", "total", SLUG):
                with world.backend.reading() as s:
                    table.gradebook(s, world.course.id, table.GradebookFilter(sort=sort))
        taken.append(len(statements))
    assert taken[0] == taken[1] <= 44


def test_the_order_by_total_rests_on_the_same_results_as_the_totals_that_are_shown(world: World, ida: Browser) -> None:
    assert save_rule(ida, missing_zero="yes", weighted="yes", **{f"weight-{SLUG}": "2"}) == 303
    overdue(world)
    olga = world.people["olga"]
    with world.backend.writing() as s:
        courses.enrol(s, user=s.merge(olga), course=s.get_one(Course, world.course.id), role=Role.STUDENT, by=ADMIN)
        assignment = s.get_one(Assignment, world.assignment.id)
        later = Allowance(due_at=utc_now() + timedelta(days=1))
        extensions.grant(s, assignment=assignment, students=[olga], allowance=later, reason="ill", by=ADMIN)
    finish(world, submit(world, "sam").id, (*RIGHT[:3], *(Verdict.FAILED,) * 3))
    submit(world, "sue")  # waits
    students = [world.people[name].id for name in ("sam", "sue", "olga")]
    with world.backend.reading() as s:
        columns, rule, now = (
            table.columns_of(s, world.course.id),
            rule_of(s.get_one(Course, world.course.id)),
            utc_now(),
        )
        allowances = ordering.allowances_for(s, world.course.id, rule)
        made = cells_of(s, [column.id for column in columns])

        def shown(student: str, column: Column) -> Result:
            key = (student, column.id)
            return result_of(column, made.get(key, NOTHING), allowances.get(key), weighted=rule.weighted, now=now)

        expected = {student: [shown(student, column) for column in columns] for student in students}
        assert ordering.results_of(s, world.course.id, columns, students, rule) == expected
    assert [(r[0].waiting, r[0].overdue) for r in expected.values()] == [(False, True), (True, True), (False, False)]


def test_programs_get_and_set_the_same(app: Flask, world: World) -> None:
    finish(world, submit(world, "sam").id, RIGHT)
    client = app.test_client()
    ida, sam = ({"Authorization": f"Bearer {world.tokens[who]}"} for who in ("ida", "sam"))
    rule = "/api/v1/courses/dl-2026/total-rule"
    assert client.get(rule, headers=sam).json["revision"] == 0
    body = {"drop_lowest": 1, "missing_zero": True, "weights": {SLUG: 3}, "revision": 0}
    saved = client.put(rule, headers=ida, json=body)
    assert (saved.status_code, saved.json["weights"][SLUG], saved.json["revision"]) == (200, 3.0, 1)
    assert client.put(rule, headers=ida, json={**body, "drop_lowest": 2}).status_code == 409
    assert client.put(rule, headers=ida, json={**body, "weights": {"none": 1}, "revision": 1}).status_code == 422
    book = client.get("/api/v1/courses/dl-2026/gradebook", headers=ida).json
    assert [(r["total_percent"], r["grades"][0]["part"]) for r in book["rows"]] == [(100.0, "counts"), (None, "open")]
    own = client.get("/api/v1/courses/dl-2026/grades", headers=sam).json
    assert (own["total"], own["grades"][0]["state"]) == ("100 %", "counts")
