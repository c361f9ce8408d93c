"""`grader recorder`: records what the workers report, looks after lost runs, delivers events."""

from __future__ import annotations

import os
import sys

import click


@click.command()
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 64), help="Results at a time.")
@click.option("--node", default="recorder", show_default=True, help="Celery's name for it on this host.")
@click.option("--loglevel", type=click.Choice(("DEBUG", "INFO", "WARNING")), default="INFO", show_default=True)
def recorder(threads: int, node: str, loglevel: str) -> None:
    """Record results and look after lost runs. Started by `grader up`; in production at least one must run."""
    from grader.db.revisions import require_at_start
    from grader.private_files import make_private
    from grader.settings import Settings
    from grader.tasks.command import recorder_command

    make_private()
    require_at_start(Settings.load().database_url)
    command = recorder_command(threads=threads, name=node)
    # The last one counts. -P: modules come from what is installed, never from the folder that we stand in.
    command = [command[0], "-P", *command[1:], "--loglevel", loglevel]
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606
