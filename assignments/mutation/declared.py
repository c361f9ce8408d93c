"""`mutants.toml`: which changes of a solution are right answers too, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assignments.errors import PackageError
from assignments.toml_lines import key_lines, line_of

FILE = "mutants.toml"


class _Equivalent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=10, max_length=1_000)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    equivalent: list[_Equivalent] = Field(default_factory=list)


def declared_equivalent(folder: Path) -> Mapping[str, str]:
    """The reason for each declared mutant, by its id; empty without the file. Raises PackageError."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        entries = _File.model_validate(tomllib.loads(text)).equivalent
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackageError(path, f"cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PackageError(path, first["msg"], line=line_of(key_lines(text), first["loc"]), key=key) from None
    reasons: dict[str, str] = {}
    for number, entry in enumerate(entries):
        for name in entry.ids:
            if name in reasons:
                line = line_of(key_lines(text), ("equivalent", number, "ids"))
                raise PackageError(path, f"{name!r} is declared twice", line=line, key="equivalent")
            reasons[name] = entry.reason
    return reasons


def no_longer_there(folder: Path, known: Collection[str]) -> list[PackageError]:
    """One for every declared mutant that the solution does not have any more."""
    path = folder / FILE
    declared = declared_equivalent(folder)
    if not declared:
        return []
    text = path.read_text(encoding="utf-8").splitlines()
    errors = []
    for name in declared:
        if name not in known:
            line = next((number for number, row in enumerate(text, start=1) if f'"{name}"' in row), None)
            problem = f"the solution has no mutant {name!r} any more: take the entry out, or declare the new one"
            errors.append(PackageError(path, problem, line=line, key="ids"))
    return errors
