"""Comments from staff as a reader sees them: on the page of a submission, in its reports and in the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.comments import queries
from grader.db.models import Role, Submission
from grader.web.outline import Outline, outline_for

ROLES = {Role.TA: "teaching assistant", Role.INSTRUCTOR: "instructor", Role.STUDENT: "student"}


@dataclass(frozen=True)
class CommentView:
    id: str
    author: str
    author_id: str
    role: str
    text: str
    check_key: str  # "": about the submission as a whole
    check_title: str
    created_at: datetime
    edited_at: datetime | None
    revision: int


def shown_comments(session: Session, submission: Submission, *, staff: bool) -> list[CommentView]:
    """While grades are withheld students read none, and never one about a check that they may not know of."""
    outline = outline_for(session, submission)
    if outline.withheld and not staff:
        return []
    run = submission.counted_run
    titles = {row.key: row.title for row in run.checks} if run is not None else {}
    return [
        CommentView(
            id=comment.id,
            author=comment.author.name or comment.author.email,
            author_id=comment.author_id,
            role=ROLES[comment.author_role],
            text=comment.text,
            check_key=comment.check_key,
            check_title=_title(comment.check_key, titles, outline),
            created_at=comment.created_at,
            edited_at=comment.edited_at,
            revision=comment.revision,
        )
        for comment in queries.of_submission(session, submission.id)
        if staff or not comment.check_key or outline.visibility(comment.check_key) not in ("hidden", "name")
    ]


def _title(key: str, titles: Mapping[str, str], outline: Outline) -> str:
    spec = outline.check(key)
    return titles.get(key) or (spec.title if spec is not None else "") or key
