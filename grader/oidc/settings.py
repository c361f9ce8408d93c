"""What the grader is told of single sign-on: a part of `grader.settings.Settings`."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from grader import urls

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class SingleSignOnSettings(BaseModel):
    """Without `oidc_issuer` there is no single sign-on, and nothing else of this counts."""

    oidc_issuer: str = Field(
        default="", description="As the provider writes itself: `https://login.example.org/realms/campus`."
    )
    oidc_client_id: str = Field(default="", description="What the provider calls this service.")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="None: a public client, PKCE alone. Better in a file: `…_FILE`."
    )
    oidc_name: str = Field(default="your university", max_length=60, description="The name on the button.")
    oidc_accounts: Literal["existing", "create"] = Field(
        default="existing", description="Whether somebody new gets an account."
    )
    oidc_email_domains: str = Field(
        default="", description="`example.org, students.example.org`; others are not let in for the first time."
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _secure(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
            raise ValueError("must begin with https:// (http:// only for this machine itself)")
        return urls.web(value)

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
        return self


def domains_of(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower().removeprefix("@") for part in text.split(",") if part.strip())


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
