"""`grader token`: API tokens on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import click

from grader.cli.backend import actor, backend, find_user
from grader.cli.json_lines import json_option, show_lines


@click.group()
def token() -> None:
    """Create, list and revoke API tokens."""


@token.command("create")
@click.argument("email")
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(("submit", "read", "staff")), help="Repeatable.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is good for (default: until revoked).")
def create(email: str, label: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token for EMAIL and print it. It is shown this once only."""
    from grader.accounts import service
    from grader.time import utc_now

    expires = utc_now() + timedelta(days=days) if days else None
    with backend() as connected, connected.writing() as session:
        issued = service.issue_token(
            session,
            user=find_user(session, email),
            label=label,
            scopes=scopes or ("submit", "read"),
            expires_at=expires,
            by=actor(),
        )
    click.echo(issued.secret)


@token.command("list")
@click.argument("email")
@json_option
def list_tokens(email: str, as_json: bool) -> None:
    """Show the tokens of EMAIL, without their secrets."""
    from grader.accounts import queries

    with backend() as connected, connected.reading() as session:
        found = queries.tokens_of(session, find_user(session, email))
    rows = [
        {
            "id": t.id,
            "label": t.label,
            "begins": t.hint,
            "scopes": t.scopes,
            "created": t.created_at.isoformat(timespec="seconds"),
            "expires": t.expires_at and t.expires_at.isoformat(timespec="seconds"),
            "revoked": t.revoked_at is not None,
        }
        for t in found
    ]
    if as_json:
        show_lines(rows)
        return
    from grader.cli.tables import show_table

    show_table(
        ("Id", "Label", "Begins", "Scopes", "Created", "State"),
        [
            (r["id"], r["label"], f"{r['begins']}…", ", ".join(t.scopes), r["created"], _state(r))
            for r, t in zip(rows, found, strict=True)
        ],
        empty=f"{email} has no tokens: grader token create {email}",
    )


@token.command("revoke")
@click.argument("email")
@click.argument("token_id")
def revoke(email: str, token_id: str) -> None:
    """End the token TOKEN_ID (see `grader token list`) of EMAIL at once."""
    from grader.accounts import service

    with backend() as connected, connected.writing() as session:
        service.revoke_token(session, token_id=token_id, user=find_user(session, email), by=actor())
    click.echo("Revoked.")


def _state(row: Mapping[str, object]) -> str:
    if row["revoked"]:
        return "revoked"
    return f"until {row['expires']}" if row["expires"] else "in force"
