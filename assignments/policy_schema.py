"""The form of `[policy]` and `[dates]` in assignment.toml, and of the same rules when an instructor edits them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from assignments.policy import DatesSpec, PolicySpec

MOST_ATTEMPTS = 1_000
MOST_MINUTES = 60 * 24 * 30


class PolicyModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    attempts: int | None = Field(None, ge=1, le=MOST_ATTEMPTS)
    cooldown_minutes: float = Field(0.0, ge=0, le=MOST_MINUTES, allow_inf_nan=False)
    counted: Literal["best", "last", "chosen"] = "best"
    late_percent: float = Field(0.0, ge=0, le=100, allow_inf_nan=False)
    late_per: Literal["hour", "day"] = "day"
    late_floor_percent: float = Field(0.0, ge=0, le=100, allow_inf_nan=False)
    grace_minutes: float = Field(0.0, ge=0, le=MOST_MINUTES, allow_inf_nan=False)
    late_tokens: int = Field(0, ge=0, le=100)
    hidden_checks: Literal["never", "names", "after_closing"] = "never"
    superseding: Literal["last_counts", "always", "never"] = "last_counts"

    def spec(self) -> PolicySpec:
        return PolicySpec(**self.model_dump())


class DatesModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    opens_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> DatesModel:
        if problem := dates_problem(self.spec()):
            raise ValueError(problem)
        return self

    def spec(self) -> DatesSpec:
        return DatesSpec(self.opens_at, self.due_at, self.closes_at)


def dates_problem(dates: DatesSpec) -> str:
    """What is wrong with the order of the dates; "" when nothing is."""
    if dates.opens_at and dates.due_at and dates.opens_at >= dates.due_at:
        return "due_at: the assignment must open before it is due"
    if dates.opens_at and dates.closes_at and dates.opens_at >= dates.closes_at:
        return "closes_at: the assignment must open before it closes"
    if dates.due_at and dates.closes_at and dates.due_at > dates.closes_at:
        return "closes_at: the assignment cannot close before it is due"
    return ""
