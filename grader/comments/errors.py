from __future__ import annotations

from grader.errors import DomainError


class InvalidComment(DomainError):
    code = "invalid-comment"


class CommentGone(DomainError):
    code = "comment-gone"

    def __init__(self) -> None:
        super().__init__("This comment was changed or taken back meanwhile. Reload the page to see it as it is now.")


class NotTheAuthor(DomainError):
    code = "not-the-author"

    def __init__(self) -> None:
        super().__init__("Only its author can change or take back a comment.")
