from __future__ import annotations

from typing import ClassVar

from grader.errors import DomainError


class LaunchRefused(DomainError):
    """A login or launch that is not let in. `detail_code` says which rule it broke; no secret is in the text."""

    code: ClassVar[str] = "launch-refused"

    def __init__(self, detail_code: str, text: str) -> None:
        super().__init__(text)
        self.detail_code = detail_code


class InvalidPlatform(DomainError):
    """What was typed, or what a platform said of itself, cannot be used. The text says why."""

    code: ClassVar[str] = "invalid-platform"


class PlatformExists(DomainError):
    code: ClassVar[str] = "platform-exists"

    def __init__(self, issuer: str, client_id: str) -> None:
        super().__init__(f"The client id {client_id!r} of {issuer} is registered already.")


class InvitationEnded(DomainError):
    code: ClassVar[str] = "invitation-ended"

    def __init__(self) -> None:
        super().__init__(
            "This registration address was used already, has ended, or never existed. "
            "Let an administrator of the grader make a new one."
        )


class RosterFailed(DomainError):
    """The platform did not hand out its roster. The text says why; nothing was changed."""

    code: ClassVar[str] = "roster-failed"


class NotLinkable(DomainError):
    """A context or an account that cannot be connected. The text says why."""

    code: ClassVar[str] = "not-linkable"


class NoToken(Exception):
    """The platform gave no access token; the text says why, without any secret."""
