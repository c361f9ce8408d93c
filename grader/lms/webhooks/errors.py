from __future__ import annotations

from typing import ClassVar

from grader.errors import DomainError


class InvalidEndpoint(DomainError):
    """The address, or what it is to be told, cannot be used. The text says why."""

    code: ClassVar[str] = "invalid-endpoint"


class TooManyEndpoints(DomainError):
    code: ClassVar[str] = "too-many-endpoints"

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} endpoints here, which is the most. Remove one first.")


class RotationUnderWay(DomainError):
    code: ClassVar[str] = "rotation-under-way"

    def __init__(self) -> None:
        super().__init__(
            "The secret before this one still signs. Wait until it ends, or choose that the old secrets end at once."
        )


class EndpointDisabled(DomainError):
    code: ClassVar[str] = "endpoint-disabled"

    def __init__(self) -> None:
        super().__init__("This endpoint is disabled. Enable it first.")


class NotRedeliverable(DomainError):
    code: ClassVar[str] = "not-redeliverable"

    def __init__(self) -> None:
        super().__init__("This delivery is being sent or waits for its turn already.")
