"""`grader config`: what is set, and where it came from."""

from __future__ import annotations

import dataclasses
import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--markdown", is_flag=True, help="The list of all settings instead, as in docs/settings.md.")
def config(as_json: bool, markdown: bool) -> None:
    """Show every setting of the service with its value, secrets hidden, and where it came from.

    What cannot be used is named, all of it at once, and the command ends with 1.
    """
    from grader.cli.tables import show_table
    from grader.configuration import catalogue
    from grader.settings import Settings

    if markdown:
        click.echo(catalogue.markdown(), nl=False)
        return
    settings, found = Settings.look()
    rows = catalogue.effective(settings, found)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
    else:
        show_table(("setting", "value", "from"), [(row.name, row.value, row.source) for row in rows])
    for warning in found.warnings:
        click.echo(f"Note: {warning}", err=True)
