"""The table of all settings, for `grader config` and for docs/settings.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from grader.configuration.gathering import Gathered
from grader.configuration.others import OTHERS
from grader.configuration.sources import variable
from grader.settings import ROOT, Settings

HIDDEN = "********"


@dataclass(frozen=True)
class Effective:
    name: str
    value: str  # secrets and passwords hidden
    source: str  # "default" where nothing was given


def effective(settings: Settings, found: Gathered) -> list[Effective]:
    return [
        Effective(
            variable(name),
            shown(getattr(settings, name)),
            found.given[name].source if name in found.given else "default",
        )
        for name in _names()
    ]


def _names() -> list[str]:
    """What everybody needs to set first."""
    return sorted(Settings.model_fields, key=lambda name: name.startswith("oidc_"))


def shown(value: Any) -> str:
    """`value` without a secret in it."""
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    text = "" if value is None else str(value)
    return _without_password(text) if "://" in text else text


def _without_password(url: str) -> str:
    """Also without values of the query: some stores and brokers take keys there."""
    scheme, _, rest = url.partition("://")
    place, mark, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    login, at, host = authority.rpartition("@")
    user, colon, _ = login.partition(":")
    harmless = query.startswith(("virtual_host=", "db=")) and "&" not in query
    shown_query = query if harmless or not query else HIDDEN
    return f"{scheme}://{user}{colon and f':{HIDDEN}'}{at}{host}{slash}{path}{mark}{shown_query}"


def markdown() -> str:
    rows = ["| variable | type | default | what it is |", "|---|---|---|---|"]
    for name in _names():
        field = Settings.model_fields[name]
        rows.append(f"| `{variable(name)}` | {_kind(field)} | {_default(field)} | {field.description or ''} |")
    rows += ["", "| variable | read by | what it is |", "|---|---|---|"]
    rows += [f"| `{other.name}` | {other.reader} | {other.help} |" for other in OTHERS]
    return "\n".join(rows) + "\n"


def _kind(field: FieldInfo) -> str:
    bounds = [f"{sign} {getattr(rule, key):g}" for rule in field.metadata for key, sign in (("ge", "≥"), ("le", "≤"))
              if getattr(rule, key, None) is not None]  # fmt: skip
    names = {str: "text", int: "whole number", float: "number", bool: "yes or no", Path: "path", SecretStr: "secret"}
    kind = field.annotation
    if kind in names:
        name = names[kind]
    else:
        name = " or ".join(f"`{choice}`" for choice in get_args(kind) if isinstance(choice, str)) or "text"
    return f"{name}, {', '.join(bounds)}" if bounds else name


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr) or value in ("", None, PydanticUndefined):
        return ""
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    return f"`{value}`"
