"""What pages show, to whom."""

from __future__ import annotations

import io
import json

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.unit.web.conftest import Browser
from tests.unit.web.world import SLUG, World, finish, notebook, start, submit
from worker.contract import GradeStatus

PAGE = f"/courses/dl-2026/assignments/{SLUG}"


def test_home_page_shows_the_latest_status_and_score(world: World, sam: Browser) -> None:
    assert "Nothing submitted yet" in sam.client.get("/").text
    finish(world, submit(world).id)
    page = sam.client.get("/").text
    assert "Graded" in page
    assert '50 <span class="of">of 100' in page


def test_home_page_of_staff_counts_everybodys_submissions(world: World, ida: Browser) -> None:
    submit(world, "sam")
    submit(world, "sue")
    page = ida.client.get("/").text
    assert "2 submissions" in page
    assert "you are an instructor here" in page


def test_assignment_page_lists_checks_points_fields_and_starter(world: World, sam: Browser) -> None:
    page = sam.client.get(PAGE).text
    assert "Volume of a hypersphere" in page
    assert "25 points" in page
    assert 'name="answer-ratio_1000d"' in page
    assert f'href="{PAGE}/starter.ipynb"' in page
    starter = sam.client.get(f"{PAGE}/starter.ipynb")
    assert starter.json is None or starter.mimetype == "application/x-ipynb+json"
    assert "attachment" in starter.headers["Content-Disposition"]


def test_upload_leads_to_the_page_of_the_new_submission(world: World, sam: Browser) -> None:
    answer = upload(sam, notebook())
    assert answer.status_code == 303
    page = sam.client.get(answer.location).text
    assert "Waiting: yours is next" in page
    assert "1.221" in page


def test_the_same_file_twice_is_accepted_and_says_so(world: World, sam: Browser) -> None:
    upload(sam, notebook("a = 1"))
    upload(sam, notebook("a = 2"))
    answer = upload(sam, notebook("a = 2"))
    assert "This is the same file as attempt 2." in sam.client.get(answer.location).text


def test_refused_upload_keeps_the_page_and_what_was_typed(world: World, sam: Browser) -> None:
    answer = upload(sam, b"this is no notebook")
    assert answer.status_code == 422
    assert "it is not JSON" in answer.text
    assert 'value="1.221"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Nothing submitted yet" in sam.client.get(PAGE).text


def test_upload_without_a_file_says_so(world: World, sam: Browser) -> None:
    data = {"csrf_token": sam.token(PAGE)}
    answer = sam.client.post(PAGE, data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "No file was sent" in answer.text


def test_too_long_answer_is_refused_beside_its_field(world: World, sam: Browser) -> None:
    answer = upload(sam, notebook(), typed="1" * 500)
    assert answer.status_code == 422
    assert 'id="answer-ratio_1000d-problem"' in answer.text


def test_too_large_file_is_413_with_the_limit_and_keeps_the_fields(world: World, sam: Browser) -> None:
    answer = upload(sam, b" " * (world.settings.max_upload_bytes + 1))
    assert answer.status_code == 413
    assert "20 MB" in answer.text
    assert "clear the outputs" in answer.text
    assert 'value="1.221"' in answer.text


def test_upload_beyond_all_measure_is_413_on_a_plain_page(world: World, sam: Browser) -> None:
    sent = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(10**9)}
    answer = sam.client.post(PAGE, environ_overrides=sent)
    assert answer.status_code == 413
    assert "clear the outputs" in answer.text


def test_result_page_shows_each_check_with_its_verdict_message_and_hint(world: World, sam: Browser) -> None:
    submission = submit(world)
    finish(world, submission.id)
    page = sam.client.get(f"/submissions/{submission.id}").text
    for text in (
        "Partly right",
        "Right in even dimensions, wrong in odd ones",
        "Hint:",
        "Not attempted",
        "Stopped with an error",
        "Cell 7 stopped with an error",
        "412 MiB of memory",
        "already in the working folder",
        "Submit again",
    ):
        assert text in page, text
    assert "staff only" not in page
    assert "percentage-for-proportion" not in page


def test_staff_see_staff_texts_the_author_and_the_audit(world: World, ida: Browser) -> None:
    submission = submit(world)
    finish(world, submission.id)
    page = ida.client.get(f"/submissions/{submission.id}").text
    assert "staff only: worker log" in page
    assert "percentage-for-proportion" in page
    assert "Sam Student" in page
    assert "run.recorded by worker:worker-1" in page
    assert "Grade again" in page


def test_rejected_and_failed_runs_say_whose_fault_it_is(world: World, sam: Browser) -> None:
    submission = submit(world)
    finish(world, submission.id, status=GradeStatus.REJECTED, reason="The notebook has no code.")
    page = sam.client.get(f"/submissions/{submission.id}").text
    assert "This notebook could not be graded" in page
    assert "The notebook has no code." in page


def test_while_it_is_graded_again_the_old_result_stays(world: World, ida: Browser, sam: Browser) -> None:
    submission = submit(world)
    finish(world, submission.id)
    page = f"/submissions/{submission.id}"
    answer = ida.client.post(f"{page}/rerun", data={"csrf_token": ida.token(page)})
    assert answer.status_code == 303
    shown = sam.client.get(page).text
    assert "the result below still counts" in shown
    assert "Partly right" in shown
    assert "submission.rerun by ida@example.org" in ida.client.get(page).text


def test_a_running_submission_is_shown_without_redis(world: World, sam: Browser) -> None:
    submission = submit(world)
    start(world, submission.id)
    page = sam.client.get(f"/submissions/{submission.id}").text
    assert "Your notebook is being graded" in page
    assert '<meta http-equiv="refresh"' in page


def test_staff_list_filters_by_text_status_and_score(world: World, ida: Browser) -> None:
    graded = submit(world, "sam")
    finish(world, graded.id)
    submit(world, "sue")
    every = ida.client.get(f"{PAGE}/submissions").text
    assert "Sam Student" in every
    assert "Sue Ünlü" in every
    only_sue = ida.client.get(f"{PAGE}/submissions?q=ünlü").text
    assert "Sam Student" not in only_sue
    only_graded = ida.client.get(f"{PAGE}/submissions?status=graded").text
    assert "Sue Ünlü" not in only_graded
    nobody = ida.client.get(f"{PAGE}/submissions?score_min=99").text
    assert "No submission matches" in nobody


def test_staff_list_has_pages(world: World, ida: Browser) -> None:
    for number in range(52):
        submit(world, "sam", notebook(f"x = {number}"))
    first = ida.client.get(f"{PAGE}/submissions?attempts=all").text
    assert "1 to 50 of 52" in first
    assert "51 to 52 of 52" in ida.client.get(f"{PAGE}/submissions?attempts=all&page=2").text
    assert "51 to 52 of 52" in ida.client.get(f"{PAGE}/submissions?attempts=all&page=99").text


def test_rerun_of_many_needs_the_number_that_was_agreed_to(world: World, ida: Browser) -> None:
    for who in ("sam", "sue"):
        finish(world, submit(world, who).id)
    page = f"{PAGE}/submissions/rerun?status=graded"
    shown = ida.client.get(page).text
    assert "Grade 2 submissions again?" in shown
    token = ida.token(page)
    no_reason = ida.client.post(page, data={"csrf_token": token, "expected": 2, "reason": ""})
    assert no_reason.status_code == 422
    wrong = ida.client.post(page, data={"csrf_token": token, "expected": 1, "reason": "tolerance"})
    assert wrong.status_code == 409
    assert "has changed" in wrong.text
    done = ida.client.post(page, data={"csrf_token": token, "expected": 2, "reason": "tolerance"})
    assert done.status_code == 303
    assert "2 submissions will be graded again." in ida.client.get(done.location).text
    assert "No submission matches" in ida.client.get(f"{PAGE}/submissions?status=graded").text


def test_submitted_file_comes_back_byte_for_byte_as_a_download(world: World, sam: Browser) -> None:
    submission = submit(world, data=notebook("z = 3"))
    answer = sam.client.get(f"/submissions/{submission.id}/notebook.ipynb")
    assert answer.data == notebook("z = 3")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_demo_logins_are_shown_only_where_there_is_a_demonstration(world: World, client: FlaskClient) -> None:
    assert "Demo logins" not in client.get("/sign-in").text
    login = {"role": "Student", "email": "s@example.org", "password": "demo"}
    (world.settings.home / "demo.json").write_text(json.dumps([login]))
    page = client.get("/sign-in").text
    assert "Demo logins" in page
    assert "s@example.org" in page
    (world.settings.home / "demo.json").write_text("{broken")
    assert "Demo logins" not in client.get("/sign-in").text


def upload(browser: Browser, data: bytes, typed: str = "1.221") -> TestResponse:
    form = {
        "csrf_token": browser.token(PAGE),
        "answer-ratio_1000d": typed,
        "answer-volume_10d": "",
        "notebook": FileStorage(io.BytesIO(data), "my work.ipynb"),
    }
    boundary, body = encode_multipart(form)
    return browser.client.post(PAGE, data=body, content_type=f"multipart/form-data; boundary={boundary}")
