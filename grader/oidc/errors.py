from __future__ import annotations

from typing import ClassVar

from grader.errors import DomainError


class SingleSignOnRefused(DomainError):
    """A sign-in that is not let in. `detail_code` says which rule it broke; no secret is in the text."""

    code: ClassVar[str] = "single-sign-on-refused"

    def __init__(self, detail_code: str, text: str) -> None:
        super().__init__(text)
        self.detail_code = detail_code


class ProviderDown(DomainError):
    """The provider did not answer as it should; nobody here can be blamed. The text says what was asked of it."""

    code: ClassVar[str] = "single-sign-on-down"
    detail_code = "provider"
