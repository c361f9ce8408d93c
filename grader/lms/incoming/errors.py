from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from grader.errors import DomainError


class UnknownSender(DomainError):
    code: ClassVar[str] = "unknown-sender"

    def __init__(self) -> None:
        super().__init__("Nobody sends to this address. Copy it from the page of the course's incoming webhooks.")


class SenderDisabled(DomainError):
    code: ClassVar[str] = "sender-disabled"

    def __init__(self) -> None:
        super().__init__("This sender is disabled: nothing is taken from it until an instructor enables it.")


class Unverified(DomainError):
    """The message cannot be trusted: headers are missing or malformed, or no signature is right."""

    code: ClassVar[str] = "unverified-message"


class StaleMessage(DomainError):
    code: ClassVar[str] = "stale-message"

    def __init__(self, away_s: float, window_s: float) -> None:
        when = "old" if away_s > 0 else "ahead"
        super().__init__(
            f"webhook-timestamp is {abs(away_s):.0f} seconds {when}; at most {window_s:.0f} are allowed. "
            "Set the sender's clock, and sign every try with the time of that try."
        )


class UnreadableSender(DomainError):
    code: ClassVar[str] = "sender-unreadable"

    def __init__(self) -> None:
        super().__init__(
            "The secret of this sender cannot be read: the service's secret key was changed. "
            "An instructor has to give the sender a new secret."
        )


class MessageTooLarge(DomainError):
    code: ClassVar[str] = "message-too-large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"The message has more than {most_bytes // 1024 // 1024} MiB. Send a large notebook by its address "
            "(notebook_url), and a long roster in several messages."
        )


class InvalidMessage(DomainError):
    """The message is genuine and says something that makes no sense."""

    code: ClassVar[str] = "invalid-message"


class UnknownEvent(DomainError):
    code: ClassVar[str] = "unknown-event"

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no event {kind[:60]!r}. There are: {', '.join(known)}.")


class MessageReused(DomainError):
    code: ClassVar[str] = "message-reused"

    def __init__(self) -> None:
        super().__init__("This webhook-id was carried out with another body. Give every message an id of its own.")


class NotebookUnreachable(DomainError):
    code: ClassVar[str] = "notebook-unreachable"

    def __init__(self, why: str) -> None:
        super().__init__(f"The notebook could not be fetched from notebook_url. {why}")


class InvalidSender(DomainError):
    code: ClassVar[str] = "invalid-sender"


class TooManySenders(DomainError):
    code: ClassVar[str] = "too-many-senders"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} senders are enabled in this course, which is the most. Disable one first.")
