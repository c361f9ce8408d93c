"""The notebooks of a submission: as it was handed in, and as it was executed."""

from __future__ import annotations

from flask import Response

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import api
from grader.web import access
from grader.web.views.submission import executed_download, submitted_download

NOTEBOOK = {"description": "The notebook.", "content": {"application/x-ipynb+json": {"schema": {"type": "object"}}}}


@api.get("/submissions/<submission_id>/notebook")
@access.allow_token(access.reader_of_submission)
@api.doc(
    summary="The notebook as it was handed in", tags=["Submissions"], security=SECURITY,
    responses={200: NOTEBOOK, **problems(404, 410)},
)  # fmt: skip
def submitted_notebook(submission_id: str) -> Response:
    return submitted_download()


@api.get("/submissions/<submission_id>/executed")
@access.allow_token(access.reader_of_submission)
@api.doc(
    summary="The notebook as it was executed", tags=["Submissions"], security=SECURITY,
    responses={200: NOTEBOOK, **problems(404, 410)},
)  # fmt: skip
def executed_notebook(submission_id: str) -> Response:
    return executed_download()
