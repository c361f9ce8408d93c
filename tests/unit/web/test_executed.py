"""The executed notebook: sent back by a worker under its ticket, shown where nothing in it can run."""

from __future__ import annotations

import base64
import errno
import json
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from grader.grading import service as grading
from grader.signing import BlobTicket
from grader.submissions.receipts import is_genuine
from grader.time import utc_now
from grader.web.downloads import receipt_signer
from grader.web.notebook_frame import notebook_page
from tests.unit.web.conftest import Browser
from tests.unit.web.world import World, active_run, submit, worker_result

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def executed(*outputs: dict[str, object], markdown: str = "# The task") -> bytes:
    cells = [
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": markdown},
        {
            "cell_type": "code",
            "id": "c",
            "metadata": {},
            "execution_count": 1,
            "source": "x = '<script>1</script>'",
            "outputs": list(outputs),
        },
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def shown(data: dict[str, object]) -> dict[str, object]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<a href="javascript:alert(1)">go</a>',
    '<iframe src="https://example.org"></iframe>',
    "<b onclick=alert(1)>bold</b>",
    '<form action="https://example.org"><input name=password></form>',
    "<style>body{display:none}</style>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    '<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
    '<math href="javascript:alert(1)"><mi onclick=alert(1)>x</mi></math>',
    "$\\text{<script>alert(1)</script>}$",
    "$\\text{</math><img src=x onerror=alert(1)>}$",
    "$\\href{javascript:alert(1)}{x}$",
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
]
FORBIDDEN = ("<script", "onerror", "onclick", "javascript:", "<iframe", "<form", "<input", "<meta http", "display:none")


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_that_could_run_or_fetch_is_left_of_an_output(html: str) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": html}
    error = {"output_type": "error", "ename": "E", "evalue": html, "traceback": [f"\x1b[31m{html}\x1b[0m"]}
    rich = [shown({"text/html": html}), shown({"text/markdown": html}), shown({"text/plain": html})]
    page = notebook_page(executed(stream, error, *rich, markdown=f"hello\n\n{html}\n"), html)
    live = [part for part in page.replace("&lt;", "\0").split("<")[1:] if not part.startswith(("style", "/style"))]
    tags = " ".join("<" + part.split(">")[0] for part in live).lower()
    assert not [bad for bad in FORBIDDEN if bad in tags]
    assert "\x1b" not in page
    assert page.count("hello") == 1
    assert 'class="out bad"' in page


def test_pictures_errors_and_tables_are_shown() -> None:
    png = base64.b64encode(PNG).decode()
    page = notebook_page(
        executed(
            shown({"image/png": png, "text/plain": "<Figure>"}),
            shown({"text/html": "<table><tr><td>7</td></tr></table>"}),
            {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero", "traceback": []},
        ),
        "t",
    )
    assert f'src="data:image/png;base64,{png}"' in page
    assert "<td>7</td>" in page
    assert "ZeroDivisionError: division by zero" in page
    assert '<section id="cell-2">' in page
    assert "<h1>The task</h1>" in page


def test_a_picture_cannot_leave_its_attribute() -> None:
    page = notebook_page(executed(shown({"image/svg+xml": '"><script>alert(1)</script>'})), "t")
    assert "<script" not in page.split("</style>")[1]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"cells": 7}', b'{"cells": [1, {"outputs": 3}]}', b"[" * 9999])
def test_a_file_that_is_no_notebook_shows_an_empty_page(data: bytes) -> None:
    assert "<main>" in notebook_page(data, "t")


def test_long_outputs_are_cut_and_say_so() -> None:
    page = notebook_page(executed({"output_type": "stream", "name": "stdout", "text": "a" * 50_000}), "t")
    assert "30000 more characters are not shown" in page


def send_back(client: FlaskClient, world: World, data: bytes) -> tuple[str, str]:
    """As a worker does: the notebook to the job's address, then the result. Ids of submission and file."""
    submission = submit(world, "sam")
    run = active_run(world, submission.id)
    token = world.backend.signer.sign(BlobTicket(run.id, submission.digest))
    answer = client.put(f"/internal/blobs/{token}", data=data)
    assert answer.status_code == 200, answer.text
    message = replace(worker_result(world, submission.id), executed=answer.json["digest"])
    with world.backend.writing() as session:
        grading.record(session, message, utc_now(), world.backend.rules)
    late = client.put(f"/internal/blobs/{token}", data=b"more")
    assert late.status_code == 404
    return submission.id, answer.json["digest"]


def test_a_store_that_is_full_is_told_as_such_and_the_worker_may_try_again(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = submit(world, "sam")
    token = world.backend.signer.sign(BlobTicket(active_run(world, submission.id).id, submission.digest))
    with monkeypatch.context() as full:
        full.setattr(type(world.backend.blobs), "put", lambda self, data: _no_space_left())
        answer = client.put(f"/internal/blobs/{token}", data=b"{}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert client.put(f"/internal/blobs/{token}", data=b"{}").status_code == 200


def _no_space_left() -> str:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_it_comes_back_under_the_jobs_ticket_and_is_shown_in_a_frame(
    app: Flask, world: World, client: FlaskClient, sam: Browser
) -> None:
    data = executed(shown({"text/html": "<script>alert(1)</script><b>bold</b>"}))
    submission, _ = send_back(client, world, data)
    page = sam.client.get(f"/submissions/{submission}")
    assert f'src="/submissions/{submission}/executed"' in page.text
    assert 'sandbox="allow-popups"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    frame = sam.client.get(f"/submissions/{submission}/executed")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<b>bold</b>" in frame.text
    assert sam.client.get(f"/submissions/{submission}/executed.ipynb").data == data


def test_a_receipt_can_be_checked_with_the_public_key_and_tampering_shows(
    app: Flask, world: World, sam: Browser
) -> None:
    submission = submit(world, "sam", answers={"ratio_1000d": "1.2"})
    answer = sam.client.get(f"/submissions/{submission.id}/receipt.json")
    receipt = json.loads(answer.data)
    assert receipt["digest"] == submission.digest
    with app.app_context():
        key = receipt_signer().public_key
    assert is_genuine(receipt, key)
    assert not is_genuine({**receipt, "received_at": "2026-01-01T00:00:00+00:00"}, key)
    assert not is_genuine({**receipt, "number": 2}, key)
    assert not is_genuine({"digest": "x"}, key)


def test_formulas_are_shown_as_formulas() -> None:
    page = notebook_page(executed(markdown="The loss $L = \\frac{1}{n}$ and\n\n$$\\sum_i x_i^2$$\n\n<b>bold</b>"), "t")
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>n</mi></mrow></mfrac>" in page
    assert 'display="block"' in page
    assert "$" not in page.partition("<main>")[2]
    assert "<b>bold</b>" in page
