from __future__ import annotations

from grader.errors import DomainError


class EmailTaken(DomainError):
    code = "email-taken"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} already has an account.")


class InvalidEmail(DomainError):
    code = "invalid-email"

    def __init__(self) -> None:
        super().__init__("This is not an e-mail address: it needs the form name@example.org.")


class WeakPassword(DomainError):
    code = "weak-password"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"The password must have between {least} and {most} characters.")


class SignInFailed(DomainError):
    """Says the same whether the address, the password or the account is at fault."""

    code = "sign-in-failed"

    def __init__(self) -> None:
        super().__init__("The e-mail address and the password do not belong together.")


class InvalidToken(DomainError):
    code = "invalid-token"


class TokenNotFound(DomainError):
    code = "token-not-found"

    def __init__(self) -> None:
        super().__init__("You have no such token.")
