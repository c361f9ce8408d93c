"""The form of `assignment.toml`, checked on load."""

from __future__ import annotations

import keyword
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assignments.metadata import AnswerField, CheckSpec, HelpsSpec, LeaderboardSpec, LimitsSpec, LockedSpec
from assignments.policy_schema import DatesModel, PolicyModel

MOST_CHECKS = 200
NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,79}$"

Name = Annotated[str, Field(pattern=NAME)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class LimitsModel(_Model):
    wall_s: float = Field(LimitsSpec.wall_s, gt=0, le=86_400)
    cell_s: float = Field(LimitsSpec.cell_s, gt=0, le=86_400)
    call_s: float = Field(LimitsSpec.call_s, gt=0, le=86_400)
    memory_mib: int = Field(LimitsSpec.memory_mib, ge=64, le=1_000_000)
    scratch_mib: int = Field(LimitsSpec.scratch_mib, ge=1, le=1_000_000)
    output_mib: int = Field(LimitsSpec.output_mib, ge=1, le=1_000)
    processes: int = Field(LimitsSpec.processes, ge=1, le=10_000)

    def spec(self) -> LimitsSpec:
        return LimitsSpec(**self.model_dump())


class AnswerModel(_Model):
    key: Name
    label: Text
    help: str = Field("", max_length=2_000)

    def spec(self) -> AnswerField:
        return AnswerField(self.key, self.label, self.help)


class CheckModel(_Model):
    key: Name
    title: Text
    points: float = Field(gt=0, le=10_000, allow_inf_nan=False)
    kind: Literal["function", "variable", "answer", "manual"] = "function"
    watches: list[Name] | None = None
    counts: Literal["best", "last"] | Annotated[int, Field(ge=1, le=100)] = "best"
    visibility: Literal["full", "score", "hidden"] = "full"
    hint: str = Field("", max_length=2_000)

    @model_validator(mode="after")
    def _names_are_names(self) -> CheckModel:
        if self.watches and self.kind in {"answer", "manual"}:
            raise ValueError(f"watches: a check of kind {self.kind!r} watches no name of the notebook")
        for name in self.watches or [self.key]:
            if keyword.iskeyword(name):
                raise ValueError(f"watches: {name!r} is a Python keyword and can never be defined")
        return self

    def spec(self) -> CheckSpec:
        watched = self.watches
        if watched is None:
            watched = [self.key] if self.kind in {"function", "variable"} else []
        return CheckSpec(
            key=self.key,
            title=self.title,
            points=self.points,
            kind=self.kind,
            watches=tuple(watched),
            counts=str(self.counts),
            visibility=self.visibility,
            hint=self.hint,
        )


class HelpsModel(_Model):
    numpy_names: bool = True
    colab: bool = True
    torchvision: bool = True
    shell: bool = True
    imports: bool = True
    again: bool = True

    def spec(self) -> HelpsSpec:
        return HelpsSpec(**self.model_dump())


class LockedModel(_Model):
    cells: list[Text] = Field(default_factory=list, max_length=100)
    rule: Literal["restore", "refuse", "report"] = "restore"

    def spec(self) -> LockedSpec:
        return LockedSpec(tuple(self.cells), self.rule)


class LeaderboardModel(_Model):
    check: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    unit: str = Field("", max_length=20)
    step: float = Field(LeaderboardSpec.step, gt=0, le=1_000, allow_inf_nan=False)
    baseline: float | None = Field(None, allow_inf_nan=False)
    baseline_text: str = Field("", max_length=200)

    def spec(self) -> LeaderboardSpec:
        return LeaderboardSpec(**self.model_dump())


class AssignmentModel(_Model):
    title: Text
    summary: Text
    environment: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = "course"
    device: Literal["cpu", "gpu", "gpu-or-cpu"] = "cpu"
    gpu_memory_mib: int = Field(0, ge=0, le=1_000_000)
    figures: Literal["always", "when_marked"] = "always"
    limits: LimitsModel = Field(default_factory=lambda: LimitsModel.model_validate({}))
    policy: PolicyModel = Field(default_factory=PolicyModel)
    dates: DatesModel = Field(default_factory=DatesModel)
    helps: HelpsModel = Field(default_factory=HelpsModel)
    locked: LockedModel = Field(default_factory=LockedModel)
    leaderboard: LeaderboardModel | None = None
    answers: list[AnswerModel] = Field(default_factory=list, max_length=50)
    checks: list[CheckModel] = Field(min_length=1, max_length=MOST_CHECKS)

    @model_validator(mode="after")
    def _keys_agree(self) -> AssignmentModel:
        _unique("checks", [c.key for c in self.checks])
        _unique("answers", [a.key for a in self.answers])
        fields = {a.key for a in self.answers}
        asked = {c.key for c in self.checks if c.kind == "answer"}
        if asked - fields:
            raise ValueError(f"checks: no [[answers]] field for {_listed(asked - fields)}")
        if fields - asked:
            raise ValueError(f"answers: no check of kind 'answer' for {_listed(fields - asked)}")
        if self.gpu_memory_mib and self.device == "cpu":
            raise ValueError(
                "gpu_memory_mib: the device is 'cpu'; leave it out, or set device to 'gpu' or 'gpu-or-cpu'"
            )
        if self.leaderboard is not None and self.leaderboard.check not in {c.key for c in self.checks}:
            raise ValueError(f"leaderboard: there is no check {self.leaderboard.check!r}")
        return self


def _unique(name: str, keys: list[str]) -> None:
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"{name}: the key {_listed(twice)} is used more than once")


def _listed(names: set[str]) -> str:
    return ", ".join(repr(n) for n in sorted(names))
