"""What goes wrong at the edge of the service, before any domain code runs."""

from __future__ import annotations

from collections.abc import Sequence


class EdgeError(Exception):
    """Base of these. `str(error)` is a sentence for the person who asked."""


class SignInNeeded(EdgeError):
    def __init__(self) -> None:
        super().__init__("Sign in to see this page.")


class TokenNeeded(EdgeError):
    def __init__(self) -> None:
        super().__init__(
            "This address needs an API token: send it as 'Authorization: Bearer TOKEN'. "
            "The one that was sent is missing, unknown, expired or revoked."
        )


class NoAccess(EdgeError):
    """Known to the caller, but not allowed to this role or token."""


class OnlyLooking(EdgeError):
    """Somebody who sees a course as a student wants to change something."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text} Nothing was changed. Stop first, then do it as yourself.")


class NotMultipart(EdgeError):
    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"The request has the content type {content_type or 'none'!r}; send the notebook as "
            "multipart/form-data in the field 'notebook'."
        )


class BadRequestField(EdgeError):
    """A field of a request that cannot be read; the text names it."""


class FileMissing(EdgeError):
    """An upload without a file."""


class FileTooLarge(EdgeError):
    """A file beyond the limit of uploads."""


class AmbiguousAssignment(EdgeError):
    def __init__(self, slug: str, courses: Sequence[str]) -> None:
        self.courses = tuple(courses)
        super().__init__(
            f"The assignment {slug!r} is in several of your courses ({', '.join(courses)}). "
            "Say which one with ?course=NAME."
        )
