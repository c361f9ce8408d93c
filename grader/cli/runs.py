"""`grader runs`: find runs, see what became of them, grade again, keep from workers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from grader.cli.backend import actor, backend
from grader.cli.json_lines import json_option, show_lines
from grader.cli.reasons import reason_option
from grader.cli.times import ago

if TYPE_CHECKING:
    from grader.administration.runs import RunFile
    from grader.db.models import Run


@click.group()
def runs() -> None:
    """Find runs; grade again, quarantine, release."""


@runs.command("list")
@click.option("--failed", is_flag=True, help="Given up after several tries.")
@click.option("--stuck", is_flag=True, help="Waiting for over 15 minutes, or with a worker long silent.")
@click.option("--quarantined", is_flag=True, help="Kept from workers, because they died of it.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
def list_runs(limit: int, as_json: bool, **asked: bool) -> None:
    """Show what waits and runs, or what one of the options asks for; oldest first."""
    from grader.administration import runs as administration
    from grader.time import utc_now

    which = [name for name, flag in asked.items() if flag]
    if len(which) > 1:
        raise click.UsageError(f"Choose one of {', '.join('--' + name for name in which)}.")
    wanted = administration.Which(which[0] if which else "active")
    with backend() as connected, connected.reading() as session:
        rows = [_row(run) for run in administration.listed(session, wanted, utc_now(), limit=limit)]
    if as_json:
        show_lines(rows)
        return
    from grader.cli.tables import show_table

    columns = ("Submission", "Assignment", "Student", "Status", "Try", "Queue", "Since", "Worker", "Why")
    keys = ("submission", "assignment", "student", "status", "try", "queue")
    shown = [(*(r[k] for k in keys), ago(r["created_at"]), r["worker"] or "", r["why"][:80]) for r in rows]
    show_table(columns, shown, empty=f"No run is {wanted.value}." if which else "Nothing waits or runs.")


@runs.command("show")
@click.argument("run", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(run: str, as_json: bool) -> None:
    """Show all runs of a submission, and what the audit log says. ID is that of a run or a submission."""
    from grader.administration import runs as administration

    with backend() as connected, connected.reading() as session:
        found = administration.file_of(session, run)
        data = _file(found)
    if as_json:
        click.echo(json.dumps(data))
        return
    from grader.cli.tables import show_table

    about = f"{data['assignment']}, {data['student']}, attempt {data['number']}: {data['status']}"
    click.echo(f"Submission {data['submission']}\n{about}" + (" (in quarantine)" if data["quarantined_at"] else ""))
    columns = ("Run", "Number", "Cause", "Status", "Worker", "Made", "Seconds", "For staff")
    keys = ("run", "number", "cause", "status", "worker", "created_at", "seconds", "why")
    rounded = [r | {"seconds": None if r["seconds"] is None else round(r["seconds"], 1)} for r in data["runs"]]
    show_table(columns, [tuple("" if r[k] is None else r[k] for k in keys) for r in rounded])
    show_table(
        ("When", "Who", "What"), [(e["at"], e["actor"], e["action"]) for e in data["history"]], empty="No history."
    )


@runs.command("retry")
@click.argument("run", metavar="ID")
@reason_option("retried on the command line", help="For the audit log.")
def retry(run: str, reason: str) -> None:
    """Grade a submission again, against the version in force."""
    from grader.administration import service

    with backend() as connected, connected.writing() as session:
        made = service.retry(session, run_or_submission=run, reason=reason, by=actor())
        submission = made.submission_id
    click.echo(f"Submission {submission} waits to be graded again (run {made.id}).")


@runs.command("quarantine")
@click.argument("run", metavar="ID")
@reason_option("on the command line", help="For the audit log.")
def quarantine(run: str, reason: str) -> None:
    """Keep a submission from all workers until it is released. What counted before still counts."""
    from grader.administration import service

    with backend() as connected, connected.writing() as session:
        kept = service.quarantine(session, run_or_submission=run, reason=reason, by=actor()).id
    click.echo(f"Submission {kept} is in quarantine; `grader runs release {kept}` lets workers have it again.")


@runs.command("release")
@click.argument("run", metavar="ID")
@reason_option("released on the command line", help="For the audit log.")
def release(run: str, reason: str) -> None:
    """Let workers have a submission again that is in quarantine."""
    from grader.administration import service

    with backend() as connected, connected.writing() as session:
        made = service.release(session, run_or_submission=run, reason=reason, by=actor())
        submission = made.submission_id
    click.echo(f"Submission {submission} is released and waits to be graded (run {made.id}).")


def _row(run: Run) -> dict[str, Any]:
    submission = run.submission
    return {
        "run": run.id,
        "submission": submission.id,
        "course": submission.assignment.course.slug,
        "assignment": submission.assignment.slug,
        "student": submission.student.email,
        "status": run.status.value,
        "try": run.attempt,
        "queue": run.queue.value,
        "created_at": run.created_at.isoformat(),
        "worker": run.worker,
        "quarantined_at": submission.quarantined_at.isoformat() if submission.quarantined_at else None,
        "why": run.staff_text,
    }


def _file(found: RunFile) -> dict[str, Any]:
    submission = found.submission
    return {
        "submission": submission.id,
        "assignment": submission.assignment.slug,
        "student": submission.student.email,
        "number": submission.number,
        "status": submission.status.value,
        "quarantined_at": submission.quarantined_at.isoformat() if submission.quarantined_at else None,
        "runs": [
            {
                "run": run.id,
                "number": run.number,
                "cause": run.cause.value,
                "status": run.status.value,
                "worker": run.worker,
                "created_at": run.created_at.isoformat(timespec="seconds"),
                "seconds": run.seconds_total,
                "score": run.score,
                "why": run.staff_text,
            }
            for run in found.runs
        ],
        "history": [
            {"at": e.at.isoformat(timespec="seconds"), "actor": e.actor, "action": e.action, "after": e.after}
            for e in found.history
        ],
    }
