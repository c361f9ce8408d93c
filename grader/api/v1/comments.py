"""Comments from staff on a submission, through the API. They are read with the submission."""

from __future__ import annotations

from pydantic import Field
from werkzeug.exceptions import NotFound

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.presenting import comment_out
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CommentOut
from grader.comments import service
from grader.db.models import Submission
from grader.web import access
from grader.web.backend import backend
from grader.web.pages.comments_view import shown_comments


class CommentIn(Body):
    text: str = Field(min_length=1, max_length=service.MOST_TEXT)
    check: str = Field("", max_length=200, description="Key of a check; empty: the submission as a whole.")


class CommentChangeIn(Body):
    text: str = Field(min_length=1, max_length=service.MOST_TEXT)
    revision: int = Field(ge=1, le=10**9, description="As you read it.")


@api.post("/submissions/<submission_id>/comments")
@access.allow_token(access.staff_of_submission, scope=STAFF)
@api.input(CommentIn, location="json", arg_name="body")
@api.output(CommentOut, status_code=201)
@api.doc(summary="Comment on a submission", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def add_comment(submission_id: str, body: CommentIn) -> CommentOut:
    with backend().writing() as session:
        submission = session.get_one(Submission, submission_id)
        role, author = access.granted_submission().role, access.caller_user()
        made = service.add(session, submission=submission, key=body.check, text=body.text, author=author, role=role)
    return _out(made.id)


@api.put("/submissions/<submission_id>/comments/<comment_id>")
@access.allow_token(access.staff_of_submission, scope=STAFF)
@api.input(CommentChangeIn, location="json", arg_name="body")
@api.output(CommentOut)
@api.doc(summary="Change your comment", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def edit_comment(submission_id: str, comment_id: str, body: CommentChangeIn) -> CommentOut:
    _out(comment_id)
    with backend().writing() as session:
        service.edit(
            session,
            submission_id=submission_id,
            comment_id=comment_id,
            text=body.text,
            expected=body.revision,
            by=access.caller_user(),
        )
    return _out(comment_id)


@api.delete("/submissions/<submission_id>/comments/<comment_id>")
@access.allow_token(access.staff_of_submission, scope=STAFF)
@api.output({}, status_code=204)
@api.doc(summary="Take your comment back", tags=["Staff"], security=SECURITY, responses=problems(404, 409))
def remove_comment(submission_id: str, comment_id: str) -> tuple[str, int]:
    _out(comment_id)
    with backend().writing() as session:
        service.remove(session, submission_id=submission_id, comment_id=comment_id, by=access.caller_user())
    return "", 204


def _out(comment_id: str) -> CommentOut:
    with backend().reading() as session:
        found = shown_comments(session, access.granted_submission().submission, staff=True)
    view = next((view for view in found if view.id == comment_id), None)
    if view is None:
        raise NotFound("There is no such comment on this submission.")
    return comment_out(view)
