"""One upload from the request to the committed submission; the same for the page and the API."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from flask import g

from grader.db.models import Source
from grader.errors import DomainError
from grader.measuring import figures
from grader.submissions import service as submissions
from grader.submissions.service import Accepted
from grader.web import access
from grader.web.backend import backend, settings
from grader.web.problems import EdgeError
from grader.web.uploads import read_upload
from telemetry import context, tracing

log = logging.getLogger(__name__)


def hand_in(answers: Mapping[str, str], source: Source) -> Accepted:
    """Accept the file of this request for the assignment that was granted.

    Raises FileMissing, FileTooLarge, NotebookRefused, AnswersRefused, AssignmentNotOpen, NotEnrolled.
    """
    try:
        accepted, began = _receive(answers, source), g.get("request_began_ns", time.time_ns())
    except (DomainError, EdgeError) as error:
        figures.upload(getattr(error, "code", type(error).__name__))
        raise
    figures.upload(figures.ACCEPTED)
    submission, run = accepted.submission.id, accepted.run.id
    context.bind(submission=submission, run=run)
    log.info("notebook accepted", extra={"fields": {"assignment": access.granted_assignment().assignment.slug}})
    tracing.record(tracing.UPLOAD, submission, began, time.time_ns(), run=run, source=source.value)
    return accepted


def _receive(answers: Mapping[str, str], source: Source) -> Accepted:
    most_bytes = settings().max_upload_bytes
    sent = read_upload(most_bytes)
    upload = submissions.receive(backend().blobs, data=sent.data, filename=sent.filename, max_bytes=most_bytes)
    with backend().writing() as session:
        return submissions.accept(
            session,
            upload=upload,
            student=access.caller_user(),
            assignment=access.granted_assignment().assignment,
            answers=answers,
            source=source,
        )
