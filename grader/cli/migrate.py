"""`grader migrate`: the tables of the database, up and down."""

from __future__ import annotations

import click


@click.group()
def migrate() -> None:
    """Bring the database to a revision of its tables."""


@migrate.command("upgrade")
@click.argument("revision", default="head")
@click.option("--wait", "wait_s", default=120.0, show_default=True, help="Seconds to wait for tables that are in use.")
def upgrade(revision: str, wait_s: float) -> None:
    """Up to REVISION (default: what this version of the grader needs)."""
    from grader.db import migrate as tables
    from grader.db.revisions import revisions
    from grader.private_files import privately

    with privately():
        url = _url()
        before = tables.current_revision(url)
        tables.upgrade(url, revision, wait_s=wait_s)
    after = tables.current_revision(url)
    if revisions(url).ahead:
        click.echo(f"The database is at {after}, which a newer version made. Nothing to do: this one works beside it.")
        return
    click.echo(f"Already at {after}." if before == after else f"Upgraded from {before or 'nothing'} to {after}.")


@migrate.command("downgrade")
@click.argument("revision")
@click.confirmation_option(prompt="This removes tables or columns, and what is in them. Go on?")
def downgrade(revision: str) -> None:
    """Down to REVISION (`base` removes every table)."""
    from grader.db import migrate as tables

    url = _url()
    before = tables.current_revision(url)
    tables.downgrade(url, revision)
    click.echo(f"Downgraded from {before or 'nothing'} to {tables.current_revision(url) or 'nothing'}.")


@migrate.command("current")
def current() -> None:
    """Show the database's revision and the one that is needed."""
    from grader.db.revisions import revisions

    found = revisions(_url())
    click.echo(f"database {found.current or 'has no tables'}, needed {found.head}")


def _url() -> str:
    from grader.settings import Settings

    return Settings.load().database_url
