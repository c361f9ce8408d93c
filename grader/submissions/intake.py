"""What an upload must be before anything is written to the database."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from assignments.notebooks import NotebookLimits, NotebookRejected, read_notebook
from grader.courses.release import Release
from grader.storage import BlobStore
from grader.submissions.errors import AnswersRefused, NotebookRefused, StorageUnavailable

log = logging.getLogger(__name__)

LONGEST_ANSWER = 200
LONGEST_FILENAME = 150


@dataclass(frozen=True)
class Upload:
    """A notebook that was read, found good, and kept in the blob store."""

    digest: str
    size_bytes: int
    filename: str


def receive(blobs: BlobStore, *, data: bytes, filename: str, max_bytes: int) -> Upload:
    """Check and keep an uploaded file. Call it before a session is opened: it reads, hashes and writes.

    Raises NotebookRefused, StorageUnavailable.
    """
    try:
        read_notebook(data, NotebookLimits(bytes_most=max_bytes))
    except NotebookRejected as error:
        raise NotebookRefused(error.code, error.reason) from None
    return Upload(keep(blobs, data), len(data), clean_filename(filename))


def keep(blobs: BlobStore, data: bytes) -> str:
    """Put a file where notebooks are kept; returns its digest. Raises StorageUnavailable."""
    try:
        return blobs.put(data)
    except Exception as error:  # each kind of store has errors of its own: a full disk, a bucket out of reach
        log.error("a notebook was turned away, the store did not take it: %s", type(error).__name__, exc_info=True)
        raise StorageUnavailable from error


def clean_filename(name: str) -> str:
    """`name` for showing: no folders, no control characters, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    # Category C: control and format characters, which could turn the text around or hide its end.
    shown = "".join(c for c in last if not unicodedata.category(c).startswith("C")).strip()
    return shown[:LONGEST_FILENAME] or "notebook.ipynb"


def clean_answers(answers: Mapping[str, str], release: Release) -> dict[str, str]:
    """The answers that were given, stripped; fields left empty are absent. Raises AnswersRefused."""
    known = [field.key for field in release.answers]
    cleaned: dict[str, str] = {}
    for key, value in answers.items():
        if key not in known:
            fields = f"its fields are {', '.join(known)}" if known else "it has no answer fields"
            raise AnswersRefused(key, f"the assignment has no such field; {fields}.")
        text = value.strip()
        if len(text) > LONGEST_ANSWER:
            raise AnswersRefused(key, f"it has {len(text)} characters; at most {LONGEST_ANSWER} are accepted.")
        if text:
            cleaned[key] = text
    return cleaned
