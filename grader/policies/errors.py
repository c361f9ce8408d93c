from __future__ import annotations

from datetime import datetime

from grader.errors import DomainError
from grader.policies.evaluation import Refusal
from grader.policies.terms import Terms
from grader.policies.words import refusal_text


def utc(when: datetime) -> str:
    return f"{when:%-d %B %Y at %H:%M} UTC"


class HandInRefused(DomainError):
    """The rules do not let this student hand in now; `detail_code` says which: see `evaluation.Refusal`."""

    code = "hand-in-refused"

    def __init__(self, refusal: Refusal, terms: Terms) -> None:
        super().__init__(refusal_text(refusal, terms, utc))
        self.detail_code = refusal.code
        self.refusal = refusal
        self.terms = terms
