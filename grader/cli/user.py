"""`grader user`: accounts on the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.backend import actor, backend, find_user
from grader.cli.json_lines import json_option, show_lines

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from grader.db.models import User

ROLES = ("student", "ta", "instructor")


@click.group()
def user() -> None:
    """Add, list and disable users; set passwords."""


@user.command("add")
@click.argument("email")
@click.option("--name", default="", help="As others see it (default: the address).")
@click.option("--password", envvar="GRADER_PASSWORD", help="Asked for when left out; --no-password for none.")
@click.option("--no-password", is_flag=True, help="Without a password: this person signs in some other way.")
@click.option("--course", metavar="SLUG", help="Enrol in this course.")
@click.option("--role", type=click.Choice(ROLES), default="student", show_default=True, help="In the course.")
def add(email: str, name: str, password: str | None, no_password: bool, course: str | None, role: str) -> None:
    """Make an account for EMAIL."""
    from grader.accounts import service

    chosen = None if no_password else password or _ask_password()
    with backend() as connected, connected.writing() as session:
        made = service.create_user(session, email=email, name=name or email, password=chosen, by=actor())
        if course:
            _enrol(session, made, course, role)
    click.echo(f"Added {made.email}" + (f", {role} of {course}." if course else "."))


@user.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """Show every account."""
    from sqlalchemy import select

    from grader.courses import queries
    from grader.db.models import User

    with backend() as connected, connected.reading() as session:
        rows: list[dict[str, Any]] = [
            {
                "email": found.email,
                "name": found.name,
                "active": found.active,
                "courses": [f"{e.course.slug} ({e.role.value})" for e in queries.courses_of(session, found.id)],
            }
            for found in session.scalars(select(User).order_by(User.email))
        ]
    if as_json:
        show_lines(rows)
        return
    from grader.cli.tables import show_table

    show_table(
        ("E-mail", "Name", "Active", "Courses"),
        [(r["email"], r["name"], "yes" if r["active"] else "no", ", ".join(r["courses"])) for r in rows],
        empty="No users yet: grader user add EMAIL",
    )


@user.command("passwd")
@click.argument("email")
@click.option("--password", envvar="GRADER_PASSWORD", help="Asked for when left out.")
def passwd(email: str, password: str | None) -> None:
    """Set a new password for EMAIL."""
    from grader.accounts import service

    chosen = password or _ask_password()
    with backend() as connected, connected.writing() as session:
        service.set_password(session, user=find_user(session, email), password=chosen, by=actor())
    click.echo(f"{email} has a new password.")


@user.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Keep EMAIL out: no sign-in, no tokens."""
    _set_active(email, False)


@user.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Let EMAIL in again."""
    _set_active(email, True)


@user.command("admin")
@click.argument("email")
@click.option("--revoke", is_flag=True, help="No longer.")
def admin(email: str, revoke: bool) -> None:
    """Let EMAIL run the service: queues, failed runs, storage, audit log."""
    from grader.accounts import service

    with backend() as connected, connected.writing() as session:
        service.set_admin(session, user=find_user(session, email), admin=not revoke, by=actor())
    click.echo(f"{email} is {'no longer' if revoke else 'now'} an administrator.")


@user.command("forget")
@click.argument("email")
@click.option("--export", "file", type=click.Path(dir_okay=False, path_type=Path), help="First all of it, as a zip.")
@click.option("--no-export", is_flag=True, help="It was handed out before, or nobody wants it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(email: str, file: Path | None, no_export: bool, yes: bool) -> None:
    """Delete a student's data for good, files too; grades stay as numbers without a name.

    docs/operations.md says what is kept and why. Backups that were made before still have it.
    """
    from grader.retention import forgetting

    if (file is None) == (not no_export):
        raise click.UsageError("Give --export FILE, or --no-export.")
    with backend() as connected:
        if file is not None:
            with connected.reading() as session:
                data = forgetting.export(session, connected.blobs, find_user(session, email))
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(data)
            click.echo(f"{file} has all of it ({len(data)} bytes).")
        if not yes:
            click.confirm(f"Delete what {email} handed in, and forget the name?", abort=True)
        with connected.writing() as session:
            done = forgetting.forget(session, find_user(session, email), by=actor())
    click.echo(f"{done.rows} rows are gone; {done.files} files leave the store within two hours.")
    if done.shared:
        click.echo(f"{done.shared} submissions count for others of a group too, and stay without the name.")


def _set_active(email: str, active: bool) -> None:
    from grader.accounts import service

    with backend() as connected, connected.writing() as session:
        service.set_active(session, user=find_user(session, email), active=active, by=actor())
    click.echo(f"{email} can {'sign in again' if active else 'no longer sign in'}.")


def _ask_password() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _enrol(session: Session, made: User, slug: str, role: str) -> None:
    from grader.courses import queries, service
    from grader.db.models import Role

    course = queries.course_by_slug(session, slug)
    if course is None:
        raise click.UsageError(f"There is no course {slug!r}.")
    service.enrol(session, user=made, course=course, role=Role(role), by=actor())
