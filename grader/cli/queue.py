"""`grader queue`: how long the queues are, and holding one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from grader.cli.backend import actor, backend
from grader.cli.json_lines import json_option, show_lines
from grader.cli.reasons import reason_option
from grader.cli.times import ago

if TYPE_CHECKING:
    from grader.wiring import Backend

QUEUES = ("cpu", "gpu")


@click.group()
def queue() -> None:
    """See queues; hold one back and let it go on."""


@queue.command("list")
@json_option
def list_queues(as_json: bool) -> None:
    """Show what waits, what runs and since when."""
    with backend() as connected:
        rows = [_row(connected, found) for found in _found(connected)]
    if as_json:
        show_lines(rows)
        return
    from grader.cli.tables import show_table

    show_table(
        ("Queue", "Waiting", "Held back", "With the broker", "Running", "Oldest", "State"),
        [
            (
                r["queue"], r["waiting"], r["held_back"], "?" if r["with_broker"] is None else r["with_broker"],
                r["running"], ago(r["oldest_at"]), f"paused: {r['reason']}" if r["paused"] else "open",
            )
            for r in rows
        ],
    )  # fmt: skip


@queue.command("pause")
@click.argument("name", type=click.Choice(QUEUES), metavar="QUEUE")
@reason_option("paused on the command line")
def pause(name: str, reason: str) -> None:
    """Hand no more jobs of QUEUE to workers. Uploads are accepted and kept."""
    from grader.administration import service
    from worker.contract import Queue

    with backend() as connected, connected.writing() as session:
        service.pause(session, queue=Queue(name), reason=reason, by=actor())
    click.echo(f"The queue {name} is paused; `grader queue resume {name}` lets it go on.")


@queue.command("resume")
@click.argument("name", type=click.Choice(QUEUES), metavar="QUEUE")
def resume(name: str) -> None:
    """Hand on what was held back."""
    from grader.administration import service
    from worker.contract import Queue

    with backend() as connected:
        with connected.writing() as session:
            service.resume(session, queue=Queue(name), by=actor())
        connected.dispatch()
    click.echo(f"The queue {name} goes on.")


def _found(connected: Backend) -> list[dict[str, Any]]:
    from grader.administration import queries
    from grader.dashboard import health

    with connected.reading() as session:
        paused, held = queries.pauses(session), queries.held_back(session)
        return [
            {
                "queue": q.queue.value,
                "waiting": q.waiting,
                "held_back": held.get(q.queue, 0),
                "running": q.running,
                "oldest_at": q.oldest_at.isoformat() if q.oldest_at else None,
                "paused": q.queue in paused,
                "reason": paused[q.queue].reason if q.queue in paused else "",
            }
            for q in health.queues(session)
        ]


def _row(connected: Backend, row: dict[str, Any]) -> dict[str, Any]:
    """With what the broker says, where it answers."""
    return {**row, "with_broker": connected.broker.depth(row["queue"])}
