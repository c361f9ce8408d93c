"""`grader doctor`: tries everything that grading needs, and says how to mend what does not work."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from grader.cli.exits import FAILED
from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding, guarded
from grader.cli.packages import assignments_dir, environments_file
from grader.configuration import sources

MARKS = {
    RIGHT: click.style("ok   ", fg="green"),
    NOTE: click.style("note ", fg="yellow"),
    WRONG: click.style("WRONG", fg="red"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> int:
    """Look at this machine: what is wrong, and how to mend it.

    Every layer of the sandbox is tried for real. Ends with 1 when something that grading needs is wrong.
    """
    findings = examine()
    wrong = [finding for finding in findings if finding.status == WRONG]
    if as_json:
        click.echo(json.dumps({"ok": not wrong, "findings": [finding.to_json() for finding in findings]}, indent=1))
        return FAILED if wrong else 0
    group = ""
    for finding in findings:
        if finding.group != group:
            group = finding.group
            click.secho(f"\n{group}", bold=True)
        click.echo(f"  {MARKS[finding.status]} {finding.name}: {finding.detail}")
        if finding.fix and finding.status != RIGHT:
            click.echo(f"        {finding.fix}")
    click.echo(f"\n{len(wrong)} wrong." if wrong else "\nAll that grading needs is in order.")
    return FAILED if wrong else 0


def examine() -> list[Finding]:
    from grader.cli.health import gpus, kernels, machine, services

    home = sources.path_of("home", Path("var"))
    file = environments_file()
    found = guarded("machine", lambda: machine.findings(home), "Run `make setup`.")
    found += guarded("notebooks", lambda: kernels.environment_findings(file), "Run `make setup`.")
    found += guarded("gpus", gpus.findings, "Only for assignments that need a GPU.")
    sandbox = sandbox_findings(file)
    found += sandbox
    if all(finding.status != WRONG for finding in sandbox):
        found += guarded("sandbox", lambda: kernels.forked_findings(file), "Set WORKER_WARM=0 and report this.")
    found += _service_findings()
    return found + services.browser_findings()


def sandbox_findings(file: Path) -> list[Finding]:
    """What `grader worker` asks before it takes the first job."""
    from grader.cli.health import kernels

    fix = "Run `make setup`, then look again."
    found = guarded("sandbox", lambda: kernels.sandbox_findings(file), fix)
    if any(finding.status == WRONG for finding in found):
        return found  # the checker's jail is made of the same parts
    return found + guarded("sandbox", kernels.checker_findings, fix)


def _service_findings() -> list[Finding]:
    from grader.cli.health import services

    def look() -> list[Finding]:
        from grader.settings import Settings

        settings = Settings.load(secret_key=secrets.token_urlsafe(32))  # so that none is made and kept
        return (
            guarded("service", lambda: services.database_findings(settings), "See GRADER_DATABASE_URL.")
            + guarded("service", lambda: services.broker_findings(settings), "See GRADER_BROKER_URL.")
            + guarded("service", lambda: services.assignment_findings(assignments_dir()), "Correct the package.")
        )

    return guarded("service", look, "Correct the variable that is named.")
