"""What was given for each setting, and where: environment, `…_FILE`, or the file that GRADER_CONFIG names.

Standard library alone: commands that need one path ask here, and load nothing else.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PREFIX = "GRADER_"
CONFIG = "GRADER_CONFIG"
FILE_SUFFIX = "_FILE"


class SettingsError(ValueError):
    """A setting cannot be used. The text names it and never shows its value."""


@dataclass(frozen=True)
class Given:
    value: Any = field(repr=False)  # may be a secret
    source: str  # for people: "GRADER_LEASE_S", "GRADER_SECRET_KEY_FILE", "/etc/grader.toml"


def variable(name: str) -> str:
    return PREFIX + name.upper()


def given(name: str, environ: Mapping[str, str] | None = None) -> Given | None:
    """What stands for the setting `name`; None where nothing does. An empty variable is as good as none.

    The variable itself goes before the file that `…_FILE` names, and that before the configuration file.
    Raises SettingsError.
    """
    env = os.environ if environ is None else environ
    key = variable(name)
    if env.get(key):
        return Given(env[key], key)
    if env.get(key + FILE_SUFFIX):
        return Given(secret_file(key + FILE_SUFFIX, env[key + FILE_SUFFIX]), key + FILE_SUFFIX)
    path, table = config_file(env)
    return Given(table[name], str(path)) if name in table else None


def path_of(name: str, default: Path) -> Path:
    """A setting that is a path, without validating any other. Raises SettingsError."""
    found = given(name)
    return Path(str(found.value) if found else default).expanduser().resolve()


def config_file(environ: Mapping[str, str]) -> tuple[Path | None, dict[str, Any]]:
    """The configuration file and what stands in it; an empty table where none is named. Raises SettingsError."""
    if not environ.get(CONFIG):
        return None, {}
    path = Path(environ[CONFIG]).expanduser().resolve()
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{CONFIG} names {path}, which cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = str(error).rpartition(" (at ")[2].rstrip(")") if isinstance(error, tomllib.TOMLDecodeError) else ""
        raise SettingsError(f"{path} is not TOML{f': look at {place}' if place else ''}") from None


def secret_file(name: str, path: str) -> str:
    """What the file holds, less the line's end that editors leave. Raises SettingsError."""
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"{name} names a file that cannot be read: {why}") from None
    if not text:
        raise SettingsError(f"{name} names an empty file")
    return text


def near(name: str, known: Iterable[str]) -> str:
    """` (did you mean X?)`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f" (did you mean {close[0]}?)" if close else ""
