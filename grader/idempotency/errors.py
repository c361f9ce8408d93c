from __future__ import annotations

from grader.errors import DomainError


class KeyReused(DomainError):
    code = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was sent before, with another address or body. Nothing was done; make a new key "
            "for a new request."
        )


class KeyBusy(DomainError):
    code = "idempotency-key-busy"

    def __init__(self) -> None:
        super().__init__("The first request with this key is still being worked on. Send it again in a few seconds.")


class KeyUnsettled(DomainError):
    code = "idempotency-key-unsettled"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this key was cut off, and whether it took effect is not known. Look at what is "
            "there; if it did not, send it with a new key."
        )
