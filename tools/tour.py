"""Makes docs/tour/: what students and instructors see, as pages with screenshots of a running demonstration.

    .venv/bin/python -m tools.tour

Starts the whole service in a folder of its own, hands in notebooks of an assignment's cases, lets them be graded in the
sandbox, and takes the pictures in Chromium. Takes a few minutes; needs what `make run` needs, and Chromium.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, expect, sync_playwright

from grader.cli.service.demo import COURSE, USERS
from tests.e2e.conftest import OPTIONS, chromium_path

ROOT = Path(__file__).resolve().parent.parent
TOUR = ROOT / "docs" / "tour"
SLUG = "coursework-4-hyperspheres"
CASES = ROOT / "assignments" / SLUG / "cases"
COURSE_PAGE = f"/courses/{COURSE[0]}"
TASK = f"{COURSE_PAGE}/assignments/{SLUG}"
DESK, PHONE = (1100, 760), (390, 760)
PATIENCE_S = 600.0
FRAME_MS = 4_000  # the frame is fetched once it is in sight, and nothing in it may tell us when it is there


@dataclass(frozen=True)
class Stop:
    """One picture: where it is taken, what stands above and below it. An empty path: where the browser is."""

    name: str
    title: str
    text: str
    path: str = ""
    scroll_to: str = ""  # a heading
    size: tuple[int, int] = DESK


SIGN_IN = Stop("sign-in", "Sign in", "The demonstration shows its logins; a real service does not.", "/sign-in")
STUDENT = (
    Stop("home", "Your courses", "What is due, what is graded and what changed.", "/"),
    Stop("task", "An assignment", "Points, rules in words, the starter to download, your attempts.", TASK),
)
RESULT = (
    Stop("result", "The result", "It appears by itself: points, and for each check how it is wrong."),
    Stop("notebook", "Your notebook as it was run", "With its errors and figures, in a frame where no script runs.",
         scroll_to="The notebook as it was executed"),
    Stop("phone", "On a phone", "The same page at 23:50.", size=PHONE),
)  # fmt: skip
GRADES = (Stop("grades", "Your grades", "Every assignment and how the total is made.", f"{COURSE_PAGE}/grades"),)
TEACHING = (
    Stop("dashboard", "The course", "What was handed in, scores, who is stuck.", f"{COURSE_PAGE}/dashboard"),
    Stop("assignment", "One assignment", "Pass rate of each check and the mistakes behind wrong answers.",
         f"{TASK}/dashboard"),
    Stop("submissions", "Submissions", "Every attempt; find some, grade them again.", f"{TASK}/submissions"),
    Stop("gradebook", "Gradebook", "Students by assignments; a cell opens its history, override and extension.",
         f"{COURSE_PAGE}/gradebook"),
    Stop("rules", "Rules", "Dates, late work, attempts: changed here, shown to students in words.", f"{TASK}/policy"),
    Stop("people", "People", "Roles, sections, rosters; *See as* shows the course as a student has it.",
         f"{COURSE_PAGE}/people"),
)  # fmt: skip
SEEN_AS = (Stop("seen-as", "As a student sees it", "For 30 minutes, on the record, and nothing can be changed.", "/"),)


class Guide:
    """One person at a browser, who takes pictures for one page of the tour."""

    def __init__(self, browser: Browser, base: str, who: str, role: str) -> None:
        user = next(user for user in USERS if user.role == role)
        self.base, self.who, self.stops = base, who, list[Stop]()
        self.page: Page = browser.new_context(reduced_motion="reduce").new_page()
        self.page.set_default_timeout(60_000)
        self.look([SIGN_IN] if who == "student" else [])
        self.page.goto(f"{base}/sign-in")
        self.page.get_by_label("E-mail address").fill(user.email)
        self.page.get_by_label("Password").fill(user.password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"{base}/")

    def look(self, stops: Sequence[Stop]) -> None:
        for stop in stops:
            self.page.set_viewport_size({"width": stop.size[0], "height": stop.size[1]})
            if stop.path:
                self.page.goto(self.base + stop.path)
            self.page.evaluate("scrollTo(0, 0)")
            if stop.scroll_to:
                heading = self.page.get_by_role("heading", name=stop.scroll_to).first
                heading.evaluate("element => element.scrollIntoView()")
                self.page.wait_for_timeout(FRAME_MS)
            self.page.wait_for_load_state("networkidle" if "/submissions/" not in self.page.url else "load")
            self.page.screenshot(path=TOUR / f"{self.who}-{stop.name}.jpg", quality=75)
            self.stops.append(stop)

    def hand_in(self, case: str) -> None:
        """Like a student, and wait for the worker."""
        with (CASES / case / "case.toml").open("rb") as file:
            answers: dict[str, str] = tomllib.load(file)["answers"]
        notebook = CASES / case / "notebook.ipynb"
        data = notebook if notebook.exists() else CASES.parent / "solution.ipynb"
        self.page.goto(self.base + TASK)
        self.page.locator("#notebook").set_input_files(data)
        for key, value in answers.items():
            self.page.locator(f"#answer-{key}").fill(value)
        self.page.get_by_role("button", name="Submit for grading").click()
        score = self.page.get_by_text("of 100 points").first
        expect(score).to_be_visible(timeout=PATIENCE_S * 1000)

    def write(self, title: str, text: str) -> None:
        parts = [f"# {title}", text]
        for stop in self.stops:
            parts += [f"## {stop.title}", stop.text, f"![{stop.title}]({self.who}-{stop.name}.jpg)"]
        (TOUR / f"{self.who}.md").write_text("\n\n".join(parts) + "\n")


def main() -> int:
    chromium = chromium_path()
    if chromium is None:
        print("tour: no Chromium here; install it, or name its executable in CHROMIUM", file=sys.stderr)
        return 1
    TOUR.mkdir(exist_ok=True)
    with service() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        guided(browser, base)
        browser.close()
    print(f"docs/tour: {sum(file.stat().st_size for file in TOUR.iterdir()) / 1e6:.2f} MB")
    return 0


def guided(browser: Browser, base: str) -> None:
    made = "Made by `python -m tools.tour` from the demonstration course; every grade in it was computed by a worker."
    student = Guide(browser, base, "student", "student")
    student.look(STUDENT)
    student.hand_in("partly-right")
    student.look(RESULT)
    student.look(GRADES)
    student.write("A tour for students", made)
    staff = Guide(browser, base, "instructor", "instructor")
    staff.look(TEACHING)
    staff.page.get_by_role("button", name="See as Sofia Student").click()
    staff.page.wait_for_url(f"{base}/")
    staff.look(SEEN_AS)
    staff.write("A tour for instructors", made)


@contextmanager
def service() -> Iterator[str]:
    """The whole service with its demonstration, as `grader up` starts it; its address."""
    with tempfile.TemporaryDirectory(prefix="tour-") as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [str(Path(sys.executable).parent / "grader"), "up", "--demo", "--port", str(port), "-c", "1"]
        log = Path(home) / "up.log"
        with log.open("wb") as output:
            environment = {**os.environ, "GRADER_HOME": str(Path(home) / "home")}
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _wait(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _wait(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{base}/sign-in", timeout=10) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(1)
    raise RuntimeError(f"the service did not start: {log.read_text()[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
