"""Lists for programs: JSON, one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

json_option = click.option("--json", "as_json", is_flag=True, help="For programs: one object a line.")


def show_lines(rows: Iterable[object]) -> None:
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))
