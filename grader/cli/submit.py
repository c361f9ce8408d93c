"""`grader submit`: hand in a notebook to a running service."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from grader.cli.exits import FAILED
from grader.cli.packages import parse_answers


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--assignment", "-a", "slug", required=True, metavar="SLUG", help="Which assignment it answers.")
@click.option("--url", envvar="GRADER_URL", default="http://127.0.0.1:8000", show_default=True, help="The service.")
@click.option("--token", envvar="GRADER_TOKEN", help="Your API token (better: the variable GRADER_TOKEN).")
@click.option("--answer", "answers", multiple=True, metavar="KEY=VALUE", help="A typed answer; repeatable.")
@click.option("--wait/--no-wait", default=False, help="Stay until it is graded, and show the result.")
@click.option("--timeout", default=900.0, show_default=True, type=click.FloatRange(1), help="Longest wait in seconds.")
@click.option("--json", "as_json", is_flag=True, help="For programs: what the service says, as one JSON object.")
def submit(
    file: Path,
    slug: str,
    url: str,
    token: str | None,
    answers: tuple[str, ...],
    wait: bool,
    timeout: float,
    as_json: bool,
) -> int:
    """Hand in the notebook FILE.

    Ends with 0 when it was accepted (with --wait: graded, or rejected with a reason), with 1 otherwise.
    """
    if not token:
        raise click.UsageError("An API token is needed: set GRADER_TOKEN, or give --token.")
    from grader.cli.client import Client, ServiceError

    client = Client(url, token)
    try:
        state = client.submit(slug, file, parse_answers(answers))
        if not as_json:
            click.echo(_accepted(state), err=wait)
        if wait:
            state = client.wait(state, timeout_s=timeout, on_state=_ticker(as_json))
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    finally:
        client.close()
    if as_json:
        click.echo(json.dumps(state, ensure_ascii=False))
    elif wait:
        _show(state)
    return FAILED if state.get("status") == "failed" else 0


def _ticker(as_json: bool) -> Callable[[dict[str, Any]], None]:
    """Says on standard error where the submission stands, each time that it changes."""
    last = [""]

    def on_state(state: dict[str, Any]) -> None:
        text = _standing(state)
        if text != last[0] and not as_json and sys.stderr.isatty():
            click.echo(f"  {text}", err=True)
        last[0] = text

    return on_state


def _accepted(state: dict[str, Any]) -> str:
    same = state.get("same_as")
    again = f" It is the very same file as number {same}." if same else ""
    page = str(state.get("url", "")).replace("/api/v1/", "/")
    return f"Accepted as number {state.get('number')}: {page}{again}"


def _standing(state: dict[str, Any]) -> str:
    progress = state.get("progress") or {}
    stage = str(progress.get("stage") or state.get("status"))
    if stage == "executing" and progress.get("cells"):
        return f"executing cell {progress['cell']} of {progress['cells']}"
    place = state.get("queue_position")
    return f"queued, number {place}" if stage == "queued" and place else stage


def _show(state: dict[str, Any]) -> None:
    from rich.text import Text

    from grader.cli.tables import show_table

    if state.get("status") != "graded":
        click.echo(f"{state.get('status')}: {state.get('reason') or 'no reason given'}")
        return
    click.echo(f"{state.get('score'):g} of {state.get('max_score'):g} points")
    for notice in state.get("notices") or ():
        click.echo(f"  {notice}")
    show_table(
        ("Check", "Points", "Verdict", "What it says"),
        [
            (Text(c["title"] or c["key"]), f"{c['points']:g} / {c['max_points']:g}", c["verdict"], c["message"])
            for c in state.get("checks") or ()
        ],
    )
