"""`grader restore`: bring a backup back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Read all of it, compare its checksums, change nothing.")
@click.option("--database", "database_url", help="Into this database instead of GRADER_DATABASE_URL.")
@click.option("--blobs", "blob_url", help="Into this folder or bucket instead of GRADER_BLOB_URL.")
@click.option("--replace", is_flag=True, help="The database is not empty: lose what it has.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, only_check: bool, database_url: str, blob_url: str, replace: bool, yes: bool) -> None:
    """Bring FILE back, from SQLite or PostgreSQL into either. Stop the service first.

    The database changes at the very end and all at once. Files that the store has already are left.
    """
    from grader.backup import restoring
    from grader.private_files import privately
    from grader.settings import Settings
    from grader.storage import open_store

    given = {"database_url": database_url, "blob_url": blob_url}
    settings = Settings.load(**{name: value for name, value in given.items() if value})
    if only_check:
        found = restoring.check(file)
        click.echo(f"It is whole: {found.rows} rows, {found.files} files, made at {found.manifest['made_at']}.")
    else:
        if replace and not yes:
            click.confirm(f"Everything in the database {_shown(settings.database_url)} is lost. Go on?", abort=True)
        store = open_store(settings.blob_url)
        with privately(), nullcontext() if database_url else _stopped(settings.home):
            found = restoring.restore(file, settings.database_url, store, replace=replace, said=click.echo)
        click.echo(f"Restored into {_shown(settings.database_url)}. What was being graded is sent again.")
    if not found.sealed_with(settings.secret_key.get_secret_value()):
        click.secho(
            "It was made under another secret key. Bring that one back (GRADER_SECRET_KEY, or secrets.json in the "
            "home), or make secrets of webhooks and LTI keys anew; people have to sign in again.", fg="yellow",
        )  # fmt: skip


@contextmanager
def _stopped(home: Path) -> Iterator[None]:
    """Nothing serves this home, and nothing can begin to while its data are exchanged."""
    from grader.cli.service.running import AlreadyRunning, claim

    try:
        with claim(home, "a restore"):
            yield
    except AlreadyRunning as error:
        raise click.ClickException(f"{error} Stop it first, then restore.") from None


def _shown(database_url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(database_url).render_as_string(hide_password=True)
