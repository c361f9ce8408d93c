"""`grader workers`: who is there, what they do, and taking one out of service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from grader.cli.backend import actor, backend
from grader.cli.json_lines import json_option, show_lines
from grader.cli.reasons import reason_option
from grader.cli.times import ago

if TYPE_CHECKING:
    from grader.wiring import Backend
    from grader.workers.service import Order, WorkerView


@click.group()
def workers() -> None:
    """See workers; drain one and let it go on."""


@workers.command("list")
@json_option
def list_workers(as_json: bool) -> None:
    """Show each worker with its slots, what it is at, and when it was last heard of."""
    from grader.workers import service

    with backend() as connected, connected.reading() as session:
        rows = [_row(view) for view in service.views(session)]
    if as_json:
        show_lines(rows)
        return
    from grader.cli.tables import show_table

    show_table(
        ("Worker", "State", "Queues", "Slots", "At work on", "Devices", "Last heard of"),
        [
            (
                r["node"], f"{r['state']}: {r['reason']}" if r["reason"] else r["state"], ", ".join(r["queues"]),
                r["slots"], "\n".join(_at_work(r)), "\n".join(f"{d['name']}: {d['health']}" for d in r["devices"]),
                ago(r["heard_at"]),
            )
            for r in rows
        ],
        empty="No worker has been heard of. Start one with `grader worker`.",
    )  # fmt: skip


@workers.command("drain")
@click.argument("node")
@reason_option("drained on the command line")
def drain(node: str, reason: str) -> None:
    """Let the worker NODE finish what it has and take no more, until it is resumed or started anew."""
    from grader.workers import service

    with backend() as connected:
        with connected.writing() as session:
            order = service.drain(session, node, reason=reason, by=actor())
        told = _tell(connected, order)
    click.echo(f"{node} finishes what it has and takes no more.{told}")


@workers.command("resume")
@click.argument("node")
def resume(node: str) -> None:
    """Let the worker NODE take jobs again."""
    from grader.workers import service

    with backend() as connected:
        with connected.writing() as session:
            order = service.resume(session, node, by=actor())
        told = _tell(connected, order)
    click.echo(f"{node} takes jobs again.{told}")


def _at_work(row: dict[str, Any]) -> list[str]:
    """What a silent worker had is given to others after a while."""
    return [f"had {one}" if row["state"] == "silent" else one for one in row["submissions"]]


def _tell(connected: Backend, order: Order) -> str:
    if connected.broker.tell(order.node, order.queues, take=order.take):
        return ""
    return " The broker does not answer: the worker is told as soon as it does."


def _row(view: WorkerView) -> dict[str, Any]:
    node = view.node
    return {
        "node": node.node,
        "name": node.name,
        "state": view.standing.value,
        "queues": node.queues,
        "taking": node.taking,
        "slots": node.slots,
        "runs": node.runs,
        "submissions": list(view.submissions),
        "devices": node.devices,
        "started_at": node.started_at.isoformat(timespec="seconds"),
        "heard_at": node.heard_at.isoformat(timespec="seconds"),
        "drained_at": node.drained_at.isoformat(timespec="seconds") if node.drained_at else None,
        "reason": node.drain_reason,
    }
