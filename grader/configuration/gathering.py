"""Everything that was given, for all settings at once, with whatever is wrong about it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grader.configuration import others
from grader.configuration.others import OTHERS
from grader.configuration.sources import (
    CONFIG,
    FILE_SUFFIX,
    PREFIX,
    Given,
    SettingsError,
    config_file,
    given,
    near,
    variable,
)


@dataclass(frozen=True)
class Gathered:
    given: Mapping[str, Given]
    problems: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())


def gather(names: Iterable[str], environ: Mapping[str, str] | None = None) -> Gathered:
    """What stands for each of the settings. A configuration file that cannot be read is the only thing then said."""
    env = os.environ if environ is None else environ
    known, found, problems = list(names), dict[str, Given](), list[str]()
    try:
        path, table = config_file(env)
    except SettingsError as error:
        return Gathered({}, (str(error),))
    for name in known:
        try:
            one = given(name, env)
        except SettingsError as error:
            problems.append(str(error))
            continue
        if one is not None:
            found[name] = one
    problems += [f"{path}: there is no setting {key!r}{near(key, known)}" for key in table if key not in known]
    problems += others.problems(env)
    return Gathered(found, tuple(problems), tuple(_unknown(env, known)))


def _unknown(env: Mapping[str, str], names: list[str]) -> list[str]:
    """Variables that nobody reads. Only said, because another version may read them."""
    known = {variable(name) for name in names}
    known |= {name + FILE_SUFFIX for name in known} | {other.name for other in OTHERS} | {CONFIG}
    return [
        f"{name} is set, and nothing reads it{near(name, known)}"
        for name in sorted(env)
        if name.startswith(PREFIX) and name not in known
    ]
