"""`grader retention`: how long files are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grader.cli.backend import actor, backend

if TYPE_CHECKING:
    from grader.retention.rules import Plan


@click.group()
def retention() -> None:
    """How long files are kept; grades are kept whatever the rule says."""


@retention.command("show")
def show() -> None:
    """The rule, and what it would remove now."""
    from grader.retention import rules
    from grader.time import utc_now

    with backend() as connected, connected.reading() as session:
        rule = rules.rule(session)
        click.echo(f"executed notebooks: {_kept(rule.executed_months)} after their run")
        click.echo(f"handed-in files: {_kept(rule.files_months)} after the end of the course")
        click.echo(_told(rules.plan(session, utc_now()), "Would be removed now"))


@retention.command("set")
@click.option("--executed-months", type=click.IntRange(0, 1200), help="0: for ever.")
@click.option("--files-months", type=click.IntRange(0, 1200), help="0: for ever.")
def change(executed_months: int | None, files_months: int | None) -> None:
    """Change the rule. The recorder applies it once an hour; `show` tells what it would remove."""
    from grader.retention import rules

    with backend() as connected, connected.writing() as session:
        rule = rules.rule(session)
        rules.set_rule(
            session,
            executed_months=rule.executed_months if executed_months is None else executed_months or None,
            files_months=rule.files_months if files_months is None else files_months or None,
            by=actor(),
        )
    click.echo("The rule is set.")


@retention.command("apply")
@click.option("--dry-run", is_flag=True, help="Only tell.")
def apply(dry_run: bool) -> None:
    """Remove now what the rule says, and let go of what was removed more than an hour ago."""
    from grader.retention import purging, rules
    from grader.time import utc_now

    with backend() as connected:
        if dry_run:
            with connected.reading() as session:
                click.echo(_told(rules.plan(session, utc_now()), "Would be removed"))
            return
        with connected.writing() as session:
            done = rules.apply(session, utc_now(), actor())
        gone = purging.purge(connected.sessions, connected.blobs, utc_now())
    click.echo(_told(done, "Removed"))
    click.echo(f"{gone} files that were removed before have left the store; new ones follow after an hour.")


def _kept(months: int | None) -> str:
    return "kept for ever, also" if months is None else f"kept for {months} months"


def _told(plan: Plan, what: str) -> str:
    courses = f" of {', '.join(plan.courses)}" if plan.courses else ""
    return f"{what}: {plan.files} files{courses}, {plan.size_bytes} bytes; {plan.executed} runs lose their notebook."
