"""axe over what teaching staff and administrators use, and marking with the keyboard alone."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, FilePayload, expect
from sqlalchemy import select, update

from assignments.loading import load_package
from grader.courses import queries
from grader.courses import service as courses
from grader.courses.release import Release
from grader.db.models import CheckResultRow, Run, SimilarPair, User
from grader.leaderboard import service as leaderboard
from grader.lms.lti import registering
from grader.marking import rubrics
from grader.marking.rubrics import Criterion, RubricView
from grader.packages import service as packages
from grader.similarity import service as similarity
from grader.tasks.similarity import comparer
from grader.time import utc_now
from tests.e2e.conftest import Visit
from tests.e2e.service import Service
from tests.e2e.test_accessibility import problems
from tests.unit.similarity.notebooks import ANN, everything
from tests.unit.web.world import ADMIN, PASSWORD, ROOT, World, finish, notebook, submit
from worker.contract import Verdict

COURSE = "/courses/dl-2026"
MARKED, KEY = "deep-networks-1", "linear_regions"
RANKED = "coursework-1"
WIDTHS = (1280, 390)
MARKING = f"{COURSE}/assignments/{MARKED}/marking"


def publish(world: World, slug: str) -> World:
    release = Release.from_metadata(load_package(ROOT / "assignments" / slug).metadata)
    with world.backend.writing() as session:
        made = courses.publish_assignment(session, course=world.course, release=release, by=ADMIN).assignment
    return dataclasses.replace(world, assignment=made)


def to_mark(world: World) -> str:
    """A question for people, with a rubric and an answer; returns the submission."""
    marked = publish(world, MARKED)
    rubric = RubricView((Criterion("c1", "Predicted first", 15), Criterion("c2", "A reason", 7)), ("Well done.",))
    with world.backend.writing() as session:
        rubrics.save_rubric(session, assignment_id=marked.assignment.id, key=KEY, rubric=rubric, by=ADMIN)
    done = submit(marked, "sam", notebook("answer = 'because'")).id
    finish(marked, done, (Verdict.PASSED, Verdict.MANUAL))
    return done


def ranked(world: World) -> str:
    """Two students on a leaderboard whose notebooks are alike; returns the pair."""
    ranked = publish(world, RANKED)
    for who, cells, error in (("sam", ANN, 33.2), ("sue", everything(ANN), 36.9)):
        done = submit(ranked, who, notebook(*cells)).id
        finish(ranked, done, [Verdict.PASSED] * 3)
        with world.backend.writing() as session:
            run = session.scalars(select(Run).where(Run.submission_id == done)).one()
            run.finished_at = utc_now() - timedelta(days=1)
            check = (CheckResultRow.run_id == run.id, CheckResultRow.key == "validation_error")
            session.execute(update(CheckResultRow).where(*check).values(measure=error))
            name = {"sam": "Deep Thought", "sue": "Überflieger"}[who]
            leaderboard.join(session, assignment=ranked.assignment, student=world.people[who], nickname=name)
    with world.backend.writing() as session:
        owed = similarity.begin(session, assignment=ranked.assignment, with_earlier=False, by=world.people["ida"]).id
    comparer(world.backend).work(owed)
    with world.backend.reading() as session:
        return session.scalars(select(SimilarPair.id)).one()


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Of what is expected of a page, for a machine that does much else."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def staff_pages(service: Service) -> tuple[str, ...]:
    world = service.world
    with world.backend.writing() as session:
        session.execute(update(User).where(User.email == "ida@example.org").values(admin=True))
    answer, pair = to_mark(world), ranked(world)
    with world.backend.writing() as session:
        package = queries.assignment_in_course(session, course_id=world.course.id, slug=RANKED)
        assert package is not None
        first = courses.release_of(queries.current_versions(session, [package.id])[package.id]).checks[0]
        more = {first.key: first.points + 1}
        packages.set_points(session, assignment=package, points=more, expected=1, by=ADMIN)
        platform = registering.invite(session, name="A platform", by=ADMIN, now=utc_now())
    ranking = f"{COURSE}/assignments/{RANKED}"
    return (
        MARKING,
        f"{MARKING}/{KEY}",
        f"{MARKING}/{KEY}/rubric",
        f"{MARKING}/{KEY}/answers/{answer}",
        f"{COURSE}/assignments",
        f"{ranking}/package",
        f"{ranking}/package/versions/2",
        f"/lti/register/{platform}?openid_configuration=https://platform.example.org/configuration",
        f"{COURSE}/people",
        f"{COURSE}/webhooks",
        f"{COURSE}/regrades",
        f"{ranking}/trials",
        f"{ranking}/similarity",
        f"{ranking}/similarity/{pair}",
        f"{ranking}/leaderboard",
        f"{COURSE}/incoming",
        f"{COURSE}/gradebook-files",
        f"{COURSE}/platform-grades",
        "/admin",
        "/admin/audit",
        "/admin/courses",
        "/admin/files",
        "/admin/lti",
        "/admin/view-as?course=dl-2026",
        "/admin/webhooks",
    )


def test_no_page_of_staff_has_a_serious_problem(
    chromium: Browser, service: Service, visits: list[Visit], staff_pages: tuple[str, ...]
) -> None:
    found: dict[tuple[str, int], list[str]] = {}
    visits.append(Visit(chromium, service).sign_in("sam"))
    look(visits[-1], f"{COURSE}/assignments/{RANKED}/leaderboard", found)
    visits.append(Visit(chromium, service).sign_in("ida"))
    for path in staff_pages:
        look(visits[-1], path, found)
    answers_of_forms(visits[-1], service.world.assignment.title, found)
    visits[-1].open(f"{COURSE}/people").get_by_role("button", name="See as Sam Student").click()
    expect(visits[-1].page.get_by_role("complementary", name="You see the course as a student")).to_be_visible()
    look(visits[-1], "/", found)
    assert not found


def answers_of_forms(visit: Visit, title: str, found: dict[tuple[str, int], list[str]]) -> None:
    """Pages that have no address of their own: what a form shows before, or after, it does something."""
    page = visit.open(f"{COURSE}/gradebook-files")
    head = f'Student,ID,SIS User ID,SIS Login ID,Section,"{title} (4711)"'
    text = f"{head}\nSam,,,sam@example.org,,1\nNobody,,,nobody@example.org,,2\n"
    file = FilePayload(name="grades.csv", mimeType="text/csv", buffer=text.encode())
    page.get_by_label("File of Canvas, Moodle").set_input_files(file)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    look(visit, "", found)
    page = visit.open(f"{COURSE}/people")
    page.get_by_label("E-mail address").fill("nora@example.org")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link").input_value()
    look(visit, "", found)
    look(visit, link.removeprefix(visit.base), found)


def look(visit: Visit, path: str, found: dict[tuple[str, int], list[str]]) -> None:
    """Both widths of one page, loaded once; without a path, the page that is open."""
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 900})
        if path and width == WIDTHS[0]:
            visit.open(path)
        if wrong := problems(visit.page):
            found[path, width] = wrong
        assert visit.overflow_px() <= 0, (path, width)


def test_an_answer_is_marked_with_the_keyboard_alone(
    chromium: Browser, service: Service, visits: list[Visit], staff_pages: tuple[str, ...]
) -> None:
    visits.append(Visit(chromium, service))
    page = visits[-1].open(staff_pages[3])
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("tom@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mark", exact=True)).to_be_visible()
    page.wait_for_load_state()  # the keys work once its script has run
    page.keyboard.press("1")
    expect(page.get_by_role("checkbox", name=re.compile("Predicted first"))).to_be_checked()
    page.keyboard.press("c")
    expect(page.get_by_label("Comment for the student")).to_be_focused()
    page.keyboard.type("Nicely argued.")
    with page.expect_response(lambda answer: answer.request.method == "POST") as saved:
        page.keyboard.press("Control+Enter")
    assert saved.value.status == 303
    page.goto(service.url + staff_pages[3])
    expect(page.get_by_label("Comment for the student")).to_have_value("Nicely argued.")
    expect(page.get_by_role("checkbox", name=re.compile("Predicted first"))).to_be_checked()
