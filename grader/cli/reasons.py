"""The option `--reason` of commands that change how something runs: one line that says something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from grader.text import one_line

LONGEST = 500
Command = TypeVar("Command", bound=Callable[..., Any])


def reason_option(default: str, *, help: str = "As administrators see it.") -> Callable[[Command], Command]:
    return click.option("--reason", default=default, show_default=True, callback=_said, help=help)


def _said(_context: click.Context, _option: click.Parameter, given: str) -> str:
    line = one_line(given)
    if not line:
        raise click.BadParameter("say why in a few words, or leave the option out")
    if len(line) > LONGEST:
        raise click.BadParameter(f"it has {len(line)} characters, at most {LONGEST} are kept")
    return line
