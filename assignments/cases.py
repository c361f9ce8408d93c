"""Example submissions of a package and the exact result that each must get."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assignments.errors import PackageError
from assignments.loading import SOLUTION, STARTER
from assignments.metadata import Package

POINTS_TOLERANCE = 0.005


@dataclass(frozen=True)
class ExpectedCheck:
    """`says` are pieces of text that the message must hold."""

    key: str
    verdict: str
    points: float
    diagnosis: str | None = None
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expected:
    score: float
    checks: tuple[ExpectedCheck, ...]


@dataclass(frozen=True)
class Case:
    name: str
    description: str
    notebook_bytes: bytes
    answers: Mapping[str, str]
    expected: Expected


class CheckLike(Protocol):
    """What `worker.contract.CheckResult` offers of a graded check."""

    @property
    def key(self) -> str: ...
    @property
    def verdict(self) -> Any: ...
    @property
    def points(self) -> float: ...
    @property
    def message(self) -> str: ...
    @property
    def diagnosis(self) -> str | None: ...


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _CheckModel(_Model):
    key: str
    verdict: Literal["passed", "partial", "failed", "missing", "error", "timeout", "manual"]
    points: Annotated[float, Field(ge=0)]
    diagnosis: str | None = None
    says: list[str] = Field(default_factory=list)


class _CaseModel(_Model):
    description: str
    score: Annotated[float, Field(ge=0)]
    answers: dict[str, str] = Field(default_factory=dict)
    checks: list[_CheckModel]


def load_cases(package: Package) -> list[Case]:
    """Every folder of `cases/`, by name. Raises PackageError."""
    return [load_case(package, folder) for folder in sorted((package.folder / "cases").glob("*/"))]


def load_case(package: Package, folder: Path) -> Case:
    """One case. The folders `starter` and `solution` need no notebook: the package has it."""
    path = folder / "case.toml"
    try:
        model = _CaseModel.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        notebook = _notebook(package, folder).read_bytes()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise PackageError(path, first["msg"], key=".".join(str(p) for p in first["loc"])) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackageError(path, f"cannot be read: {error}") from error
    known = {check.key for check in package.metadata.checks}
    named = [check.key for check in model.checks]
    if set(named) != known or len(named) != len(known):
        raise PackageError(path, f"must list each check once: {', '.join(sorted(known))}", key="checks")
    checks = tuple(ExpectedCheck(c.key, c.verdict, c.points, c.diagnosis, tuple(c.says)) for c in model.checks)
    return Case(folder.name, model.description, notebook, model.answers, Expected(model.score, checks))


def compare_case(expected: Expected, checks: Sequence[CheckLike], score: float) -> list[str]:
    """What differs from the expected result, in sentences; empty where all is as it must be."""
    differences: list[str] = []
    if abs(score - expected.score) > POINTS_TOLERANCE:
        differences.append(f"score: {score:g}, expected {expected.score:g}")
    found = {check.key: check for check in checks}
    differences += [f"{key}: not among the case's checks" for key in found.keys() - {c.key for c in expected.checks}]
    for want in expected.checks:
        got = found.get(want.key)
        differences += [f"{want.key}: no result"] if got is None else _differences(want, got)
    return differences


def _differences(want: ExpectedCheck, got: CheckLike) -> list[str]:
    differences = []
    if str(got.verdict) != want.verdict:
        differences.append(f"{want.key}: verdict {got.verdict}, expected {want.verdict} ({got.message})")
    if abs(got.points - want.points) > POINTS_TOLERANCE:
        differences.append(f"{want.key}: {got.points:g} points, expected {want.points:g} ({got.message})")
    if got.diagnosis != want.diagnosis:
        differences.append(f"{want.key}: diagnosis {got.diagnosis!r}, expected {want.diagnosis!r} ({got.message})")
    differences += [
        f"{want.key}: the message does not say {text!r} ({got.message})"
        for text in want.says
        if text not in got.message
    ]
    return differences


def _notebook(package: Package, folder: Path) -> Path:
    own = folder / "notebook.ipynb"
    shared = {"starter": STARTER, "solution": SOLUTION}.get(folder.name)
    return own if own.exists() or shared is None else package.folder / shared
