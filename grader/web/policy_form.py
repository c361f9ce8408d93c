"""The form of an assignment's rules and dates: what was typed, and what it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assignments.policy import DatesSpec, PolicySpec
from grader.gradebook.errors import InvalidPolicy
from grader.gradebook.policies import checked
from grader.time import OUR_TIME
from grader.web import zones

DATES = {"opens_at": "Opens", "due_at": "Due", "closes_at": "Closes"}
NUMBERS = {
    "attempts": "Attempts",
    "cooldown_minutes": "Wait between attempts",
    "late_percent": "Late penalty",
    "late_floor_percent": "Late work keeps at least",
    "grace_minutes": "Grace",
    "late_tokens": "Late tokens",
}
CHOICES = ("counted", "superseding", "late_per", "hidden_checks")
WHOLE = ("attempts", "late_tokens")


@dataclass(frozen=True)
class PolicyForm:
    """Every field as text, so that what was refused comes back as it was typed."""

    values: Mapping[str, str]
    revision: int

    @classmethod
    def of(cls, policy: PolicySpec, dates: DatesSpec, revision: int) -> PolicyForm:
        values = {key: "" if value is None else _text(value) for key, value in dataclasses.asdict(policy).items()}
        values |= {key: zones.input_value(when) for key, when in dataclasses.asdict(dates).items()}
        return cls(values, revision)

    @classmethod
    def typed(cls, form: Mapping[str, str]) -> PolicyForm:
        revision = form.get("revision", "")
        values = {key: form.get(key, "").strip() for key in (*DATES, *NUMBERS, *CHOICES)}
        return cls(values, int(revision) if revision.isdecimal() else -1)

    def read(self) -> tuple[PolicySpec, DatesSpec]:
        """Raises InvalidPolicy."""
        rules: dict[str, object] = {key: self.values[key] for key in CHOICES}
        rules |= {key: self._number(key) for key in NUMBERS}
        policy = PolicySpec(**rules)  # type: ignore[arg-type]
        try:
            return checked(policy), DatesSpec(**{key: self._moment(key) for key in DATES})
        except InvalidPolicy as error:
            raise InvalidPolicy(NUMBERS.get(error.field, error.field), error.problem) from None

    def _number(self, key: str) -> float | int | None:
        text = self.values[key].replace(",", ".")
        if not text:
            return None if key == "attempts" else 0
        try:
            return int(text) if key in WHOLE else float(text)
        except ValueError:
            kind = "a whole number" if key in WHOLE else "a number"
            raise InvalidPolicy(NUMBERS[key], f"{text[:40]!r} is not {kind}.") from None

    def _moment(self, key: str) -> datetime | None:
        try:
            return zones.read_input(self.values[key])
        except ValueError:
            wanted = f"type a date and a time {OUR_TIME}, for example 2026-11-21T23:59."
            raise InvalidPolicy(DATES[key], wanted) from None


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
