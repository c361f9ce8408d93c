"""The notebook of an upload, read with a limit; the same for the page and the API."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from grader.web import formats
from grader.web.problems import FileMissing, FileTooLarge

FIELD = "notebook"
# Beyond the largest notebook we still read so much of a form, so that the page can come back with what was typed.
FORM_TIMES = 4


@dataclass(frozen=True)
class SentFile:
    filename: str
    data: bytes


def read_upload(most_bytes: int) -> SentFile:
    """The file in the field `notebook`. Raises FileMissing, FileTooLarge."""
    sent = request.files.get(FIELD)
    if sent is None or not (sent.filename or "").strip():
        if FIELD in request.form:
            raise FileMissing(
                f"The field {FIELD!r} holds text, not a file. Send the notebook as a file with a file name."
            )
        raise FileMissing("No file was sent. Choose the notebook file (.ipynb) and submit again.")
    data = sent.stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise FileTooLarge(
            f"The file is larger than {formats.file_size(most_bytes)}, which is the most that is accepted. Open the "
            "notebook, clear the outputs (Edit → Clear all outputs), save it and upload it again."
        )
    return SentFile(sent.filename or "", data)
