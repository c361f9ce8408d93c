"""What the grader is told of single sign-on: a part of `grader.settings.Settings`."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class SingleSignOnSettings(BaseSettings):
    """Without `oidc_issuer` there is no single sign-on, and nothing else of this counts."""

    oidc_issuer: str = ""  # as the provider writes itself: https://login.example.org/realms/campus
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")  # none: a public client, PKCE alone
    oidc_client_secret_file: Path | None = None  # its first line, in place of the variable
    oidc_name: str = Field(default="your university", max_length=60)  # on the button
    oidc_accounts: Literal["existing", "create"] = "existing"  # whether somebody new gets an account
    oidc_email_domains: str = ""  # "example.org, students.example.org"; others are not let in for the first time

    @field_validator("oidc_issuer")
    @classmethod
    def _secure(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
            raise ValueError("must begin with https:// (http:// only for this machine itself)")
        if parts.query or parts.fragment or not parts.hostname:
            raise ValueError("must be an address without ? and #, exactly as the provider writes it")
        return value

    @field_validator("oidc_email_domains")
    @classmethod
    def _domains(cls, value: str) -> str:
        for domain in domains_of(value):
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"{domain!r} is no domain; write example.org, students.example.org")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("GRADER_OIDC_ISSUER is set, so GRADER_OIDC_CLIENT_ID is needed too")
        if self.oidc_client_secret_file is not None:
            if self.oidc_client_secret.get_secret_value():
                raise ValueError("set GRADER_OIDC_CLIENT_SECRET or GRADER_OIDC_CLIENT_SECRET_FILE, not both")
            self.single_sign_on_secret()  # one that cannot be read stops the start, not the first sign-in
        return self

    def single_sign_on_secret(self) -> str:
        """The client's secret, or "" for a public client. Raises ValueError for a file that cannot be read."""
        if self.oidc_client_secret_file is None:
            return self.oidc_client_secret.get_secret_value()
        try:
            lines = self.oidc_client_secret_file.read_text().splitlines()
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise ValueError(f"GRADER_OIDC_CLIENT_SECRET_FILE cannot be read: {why}") from None
        if not lines or not lines[0].strip():
            raise ValueError("GRADER_OIDC_CLIENT_SECRET_FILE names a file whose first line is empty")
        return lines[0].strip()


def domains_of(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower().removeprefix("@") for part in text.split(",") if part.strip())


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
