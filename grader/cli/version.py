"""`grader version`."""

from __future__ import annotations

import json
import platform

import click

import grader
from worker.contract import MESSAGE_VERSION


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def version(as_json: bool) -> None:
    """Say which version this is."""
    facts = {
        "grader": grader.__version__,
        "messages": MESSAGE_VERSION,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(f"grader {facts['grader']} (Python {facts['python']}, {facts['platform']})")
