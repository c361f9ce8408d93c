"""Every mistake in an `assignment.toml`, with its line and key, said to the person who writes it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from assignments.errors import PackageError
from assignments.toml_lines import key_lines, line_of

_UNIONS = {"int", "literal['best','last']"}  # pydantic's names for the alternatives of one key


def checked(path: Path, text: str, model: type[BaseModel]) -> tuple[Any, list[PackageError]]:
    """The file as `model`, or None and everything that is wrong with it, in the order of the file."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at.group(1)) if at else None
        return None, [PackageError(path, f"is not valid TOML: {error}", line=line)]
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        problems = [_problem(path, text, each, model) for each in found]
        # The alternatives of one key are reported one by one; the first says enough.
        unique = {problem.key: problem for problem in reversed(problems)}
        return None, sorted(unique.values(), key=lambda p: (p.line or 0, p.key))


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`; did you mean 'points'?`, or "" where nothing is near."""
    near = difflib.get_close_matches(given, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _problem(path: Path, text: str, found: Any, model: type[BaseModel]) -> PackageError:
    location = [part for part in found["loc"] if part not in _UNIONS]
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        message = "there is no such key" + did_you_mean(str(location[-1]), _keys(model, location[:-1]))
    elif found["type"] == "missing":
        message = "this key is missing"
    elif found["type"] == "literal_error" and isinstance(found.get("input"), str):
        choices = re.findall(r"'([^']*)'", str(found.get("ctx", {}).get("expected", "")))
        message += did_you_mean(found["input"], choices)
    named = re.match(r"(\w+): (.+)", message, re.DOTALL) if found["type"] == "value_error" else None
    if named:
        # A rule over several keys names the one to mend itself.
        location.append(named.group(1))
        message = named.group(2)
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return PackageError(path, message, line=line_of(key_lines(text), location), key=key)


def _keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys that the table at `location` may have."""
    current: type[BaseModel] = model
    for part in location:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part)
        inner = [field.annotation, *get_args(field.annotation)] if field else []
        tables = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not tables:
            return []
        current = tables[0]
    return list(current.model_fields)
