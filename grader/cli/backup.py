"""`grader backup`: all rows and all files in one file, while the service runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.backend import backend

KEY_HINT = (
    "The secret key (GRADER_SECRET_KEY, or secrets.json in the home) is not in it: keep it apart. Without it, secrets "
    "of webhooks and LTI keys cannot be opened again."
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
def backup(file: Path) -> None:
    """Write everything to FILE, or to standard output for `-`, while the service runs.

    FILE is not encrypted, holds students' work and is for its owner alone (0600). Encrypt it on its way:
    `grader backup - | age -r KEY > FILE`. `grader restore FILE --check` reads it and changes nothing.
    """
    from grader.backup import making

    with backend() as connected:
        key = connected.settings.secret_key.get_secret_value()
        if str(file) == "-":
            made = making.make(connected.engine, connected.blobs, key, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            if file.exists():
                raise click.UsageError(f"{file} exists. Give another name; a backup never goes over one.")
            made = making.make_file(connected.engine, connected.blobs, key, file.absolute())
    click.echo(f"{made.rows} rows and {made.files} files are in the backup. {KEY_HINT}", err=True)
    if made.gone:
        click.echo(f"{len(made.gone)} files were removed while it was made, as the rule says.", err=True)
