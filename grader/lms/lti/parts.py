"""What LTI needs of this process, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from grader.lms.http.addresses import Rules
from grader.lms.http.client import Client
from grader.lms.lti.keys import Signer, Writing
from grader.lms.lti.services import Services
from grader.lms.lti.tokens import Tokens
from grader.lms.webhooks.secrets import Sealer

USER_AGENT = "grader-lti/1"


@dataclass(frozen=True)
class Lti:
    client: Client
    sealer: Sealer
    signer: Signer
    services: Services

    @classmethod
    def of(cls, rules: Rules, secret_key: str, writing: Writing) -> Self:
        client, sealer = Client(rules, user_agent=USER_AGENT), Sealer(secret_key)
        signer = Signer(writing, sealer)
        return cls(client, sealer, signer, Services(client, Tokens(client, signer)))
