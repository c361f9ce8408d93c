"""The pages in a real browser, against a real server. Results come through the real grading service."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.service import THREADS, Service
from tests.unit.web.world import PASSWORD, SLUG, finish, notebook, start, submit
from worker.contract import Verdict

ASSIGNMENT = f"/courses/dl-2026/assignments/{SLUG}"


def choose(page: Page, data: bytes, name: str = "coursework.ipynb") -> None:
    page.get_by_label("Notebook file").set_input_files(
        {"name": name, "mimeType": "application/x-ipynb+json", "buffer": data}
    )


def submit_form(page: Page) -> str:
    """Press the button; returns the id of the new submission."""
    page.get_by_role("button", name="Submit for grading").click()
    page.wait_for_url(re.compile("/submissions/"))
    return page.url.rsplit("/", 1)[1]


def test_upload_and_watch_the_result_appear_without_a_reload(service: Service, student: Visit) -> None:
    page = student.open("/")
    page.get_by_role("link", name="Coursework 4: Hyperspheres").click()
    page.get_by_label("(a) Ratio of largest").fill("1.221")
    choose(page, notebook("x = 1"))
    expect(page.get_by_text("coursework.ipynb (")).to_be_visible()
    submission = submit_form(page)
    page.evaluate("window.untouched = true")
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible()

    start(service.world, submission)
    service.progress(submission, "executing", 3, 12)
    expect(page.get_by_role("heading", name="Running cell 3 of 12")).to_be_visible()
    service.progress(submission, "executing", 9, 12)
    expect(page.get_by_role("heading", name="Running cell 9 of 12")).to_be_visible()
    expect(page.locator("[data-spoken]")).to_have_text("Running your cells, about 50 percent done")
    page.reload()
    expect(page.get_by_role("heading", name="Running cell 9 of 12")).to_be_visible()
    page.evaluate("window.untouched = true")

    service.progress(submission, "checking", 12, 12)
    expect(page.get_by_role("heading", name="Checking your answers")).to_be_visible()
    service.progress(submission, "done", 12, 12)
    finish(service.world, submission)
    expect(page.get_by_text("50 of 100 points").first).to_be_visible()
    expect(page.get_by_text("wrong in odd ones")).to_be_visible()
    expect(page.locator("[data-spoken]")).to_have_text(re.compile("Graded: 50 of 100 points"))
    expect(page).to_have_title(re.compile("^50 of 100 points"))
    expect(page.locator("[data-side]").get_by_text("Graded", exact=True)).to_be_visible()
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    before = page.locator("[data-events]").inner_text()
    page.reload()
    assert page.locator("[data-events]").inner_text() == before


def test_a_lost_connection_is_told_and_catches_up(service: Service, student: Visit) -> None:
    submission = submit(service.world, "sam").id
    page = student.open(f"/submissions/{submission}")
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    student.context.set_offline(True)
    page.evaluate("0")
    finish(service.world, submission, [Verdict.PASSED] * 6)
    student.context.set_offline(False)
    expect(page.get_by_text("100 of 100 points").first).to_be_visible(timeout=20_000)
    student.complaints.clear()  # the browser notes the broken connection itself


def test_dropping_a_file_chooses_it(service: Service, student: Visit) -> None:
    page = student.open(ASSIGNMENT)
    page.evaluate(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "dropped.ipynb"));
            const zone = document.querySelector(".drop");
            zone.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }""",
        notebook("dropped = 1").decode(),
    )
    expect(page.get_by_text("dropped.ipynb (")).to_be_visible()
    submission = submit_form(page)
    expect(page.get_by_text("dropped.ipynb")).to_be_visible()
    finish(service.world, submission)


def test_refused_upload_says_why_beside_the_field_and_keeps_what_was_typed(student: Visit) -> None:
    page = student.open(ASSIGNMENT)
    page.get_by_label("(b) Volume").fill("0.002")
    choose(page, b"%PDF-1.7", "coursework.pdf")
    page.get_by_role("button", name="Submit for grading").click()
    expect(page.get_by_role("alert")).to_contain_text("This is a PDF")
    expect(page.get_by_label("(b) Volume")).to_have_value("0.002")
    expect(page.get_by_label("Notebook file")).to_be_focused()


def test_a_file_that_is_too_large_is_stopped_before_the_upload(
    service: Service, student: Visit, tmp_path: Path
) -> None:
    page = student.open(ASSIGNMENT)
    file = tmp_path / "large.ipynb"
    file.write_bytes(b" " * (service.world.settings.max_upload_bytes + 1))
    page.get_by_label("Notebook file").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("at most 20.0 MB")
    page.get_by_role("button", name="Submit for grading").click()
    expect(page).to_have_url(f"{service.url}{ASSIGNMENT}")


@pytest.mark.parametrize("megabytes", [60, 120])
def test_a_huge_file_gets_an_answer_even_without_script(
    chromium: Browser, service: Service, visits: list[Visit], megabytes: int, tmp_path: Path
) -> None:
    visits.append(Visit(chromium, service, java_script_enabled=False))
    page = visits[-1].sign_in("sam").open(ASSIGNMENT)
    file = tmp_path / "huge.ipynb"
    file.write_bytes(b" " * (megabytes << 20))
    page.get_by_label("Notebook file").set_input_files(file)
    page.get_by_role("button", name="Submit for grading").click()
    expect(page.get_by_text("clear the outputs").first).to_be_visible(timeout=60_000)


def test_instructor_filters_opens_and_grades_again(service: Service, instructor: Visit) -> None:
    done = submit(service.world, "sue", notebook("sue = 1")).id
    finish(service.world, done)
    page = instructor.open("/")
    page.get_by_role("link", name="Coursework 4: Hyperspheres").click()
    page.get_by_label("Name, e-mail or file").fill("sue@")
    page.get_by_label("Status").select_option(label="Graded")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="1 submission", exact=True)).to_be_visible()
    page.get_by_role("link", name="Sue Ünlü").click()
    expect(page.get_by_text("staff only: worker log")).to_be_visible()
    page.get_by_role("button", name="Grade again").click()
    expect(page.get_by_text("It is being graded again.").first).to_be_visible()
    finish(service.world, done, [Verdict.PASSED] * 6)
    expect(page.get_by_text("100 of 100 points").first).to_be_visible()

    page.get_by_role("link", name="All submissions").click()
    page.get_by_label("Name, e-mail or file").fill("sue")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Grade it again").click()
    page.get_by_label("Why").fill("tolerance was too tight")
    page.get_by_role("button", name="Grade 1 submission again").click()
    expect(page.get_by_text("1 submission will be graded again.")).to_be_visible()
    expect(page.get_by_role("cell", name="Waiting")).to_be_visible()


def test_everything_a_student_does_works_with_the_keyboard_alone(
    chromium: Browser, service: Service, visits: list[Visit]
) -> None:
    visits.append(Visit(chromium, service))
    page = visits[-1].open("/")
    page.keyboard.type("sue@example.org")  # the first field has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{service.url}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Coursework 4: Hyperspheres").first)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{service.url}{ASSIGNMENT}")
    tab_to(page, page.locator("#notebook"))
    choose(page, notebook("keyboard = 1"))  # the system's own dialogue is beyond a test
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Submit for grading")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/submissions/"))
    finish(service.world, page.url.rsplit("/", 1)[1])
    expect(page.get_by_text("50 of 100 points").first).to_be_visible()


def tab_to(page: Page, element: Locator) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if element.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the Tab key never reaches {element}")


def test_no_page_scrolls_sideways_on_a_phone(chromium: Browser, service: Service, visits: list[Visit]) -> None:
    waiting = submit(service.world, "sam", notebook("w = 1")).id
    done = submit(service.world, "sam", notebook("d = 1")).id
    finish(service.world, done)
    pages = {
        None: ("/sign-in", "/api/docs"),
        "sam": ("/", ASSIGNMENT, f"/submissions/{waiting}", f"/submissions/{done}", "/nowhere"),
        "ida": ("/", f"{ASSIGNMENT}/submissions", f"{ASSIGNMENT}/submissions/rerun", f"/submissions/{done}"),
    }
    for who, paths in pages.items():
        visits.append(Visit(chromium, service, width=390))
        if who is not None:
            visits[-1].sign_in(who)
        for path in paths:
            visits[-1].open(path)
            assert visits[-1].overflow_px() <= 0, (who, path)


def test_the_api_page_is_drawn_from_our_own_files(chromium: Browser, service: Service, visits: list[Visit]) -> None:
    visits.append(Visit(chromium, service))
    page = visits[-1].open("/api/docs")
    expect(page.get_by_text("/api/v1/assignments/{slug}/submissions", exact=True).first).to_be_visible()


def test_pages_answer_while_many_students_watch(service: Service, student: Visit) -> None:
    """More open streams than the server has threads must not keep anybody out."""
    submission = submit(service.world, "sam", notebook("many = 1")).id
    cookie = "; ".join(f"{c['name']}={c['value']}" for c in student.context.cookies())
    streams = []
    with ExitStack() as stack:
        for _ in range(THREADS + 20):
            connection = stack.enter_context(closing(HTTPConnection(urlsplit(service.url).netloc, timeout=10)))
            connection.request("GET", f"/submissions/{submission}/events", headers={"Cookie": cookie})
            streams.append(connection)
        for connection in streams:
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.readline() == b"retry: 2000\n"
        began = time.monotonic()
        page = student.open(ASSIGNMENT)
        expect(page.get_by_role("button", name="Submit for grading")).to_be_visible()
        assert time.monotonic() - began < 5


def test_a_hidden_window_lets_its_stream_go_and_still_learns_the_result(service: Service, student: Visit) -> None:
    submission = submit(service.world, "sam", notebook("hidden = 1")).id
    page = student.open(f"/submissions/{submission}")
    expect(page.locator("[data-spoken]")).to_have_text(re.compile("Waiting"))
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    page.evaluate(hide % "true" + "document.dispatchEvent(new Event('visibilitychange'))")
    finish(service.world, submission)
    page.wait_for_timeout(1500)
    expect(page.get_by_text("50 of 100 points")).to_have_count(0)
    page.evaluate(hide % "false" + "document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("50 of 100 points").first).to_be_visible()


def test_nothing_breaks_when_redis_goes_away(chromium: Browser, service: Service, visits: list[Visit]) -> None:
    """The last test of this module: its Redis does not come back."""
    visits.append(Visit(chromium, service))
    page = visits[-1].sign_in("sam").open(ASSIGNMENT)
    service.redis.shutdown(nosave=True)
    choose(page, notebook("without_redis = 1"))
    submission = submit_form(page)
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    finish(service.world, submission)
    expect(page.get_by_text("50 of 100 points").first).to_be_visible(timeout=15_000)
    visits.append(Visit(chromium, service))
    visits[-1].sign_in("ida")
