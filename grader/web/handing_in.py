"""One upload from the request to the committed submission; the same for the page and the API."""

from __future__ import annotations

from collections.abc import Mapping

from grader.db.models import Source
from grader.submissions import service as submissions
from grader.submissions.service import Accepted
from grader.web import access
from grader.web.backend import backend, settings
from grader.web.uploads import read_upload


def hand_in(answers: Mapping[str, str], source: Source) -> Accepted:
    """Accept the file of this request for the assignment that was granted.

    Raises FileMissing, FileTooLarge, NotebookRefused, AnswersRefused, AssignmentNotOpen, NotEnrolled.
    """
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
