"""The database for the commands that administer the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from grader.audit.service import Actor
    from grader.db.models import User
    from grader.settings import Settings
    from grader.wiring import Backend


@contextmanager
def backend() -> Iterator[Backend]:
    """Connected to what the environment names, its tables checked. Raises click.ClickException."""
    from grader.settings import Settings
    from grader.wiring import Backend

    settings = as_served(Settings.load())
    _require_tables(settings.database_url)
    connected = Backend.connect(settings)
    try:
        yield connected
    finally:
        connected.close()


def actor() -> Actor:
    """Who the audit log names for what is done on the command line."""
    import getpass

    from grader.audit.service import Actor

    return Actor.system(f"cli:{getpass.getuser()}")


def find_user(session: Session, email: str) -> User:
    """Raises click.ClickException."""
    from grader.accounts import queries

    user = queries.user_by_email(session, email)
    if user is None:
        raise click.ClickException(f"There is no user {email!r}; `grader user list` shows who there is.")
    return user


def as_served(settings: Settings) -> Settings:
    """With the address that `grader up` chose for itself: the jobs that a command sends tell workers where to ask."""
    from grader.cli.service.running import address
    from grader.configuration.sources import given

    own = None if given("internal_url") else address(settings.home)
    return settings.model_copy(update={"internal_url": own}) if own else settings


def _require_tables(database_url: str) -> None:
    from grader.db.revisions import TablesBehind, revisions

    try:
        revisions(database_url).require()
    except TablesBehind as error:
        raise click.ClickException(str(error)) from None
