"""Entry of the `grader` command."""

from __future__ import annotations

import os
import sys

import click

from grader.cli.exits import FAILED, INTERRUPTED
from grader.cli.lazy import LazyGroup

COMMANDS = {
    "grade": ("grader.cli.grade:grade", "Grade notebook files here, without a server."),
    "robustness": ("grader.cli.robustness:robustness", "Grade one notebook again under other seeds."),
    "up": ("grader.cli.up:up", "Start the whole service on this machine."),
    "worker": ("grader.cli.worker:worker", "Run a worker that grades what is queued."),
    "recorder": ("grader.cli.recorder:recorder", "Record results and look after lost runs."),
    "submit": ("grader.cli.submit:submit", "Hand in a notebook to a running service."),
    "assignment": ("grader.cli.assignment:assignment", "Write, check, test and show assignments."),
    "data": ("grader.cli.data:data", "Add data sets and models to an assignment."),
    "queue": ("grader.cli.queue:queue", "See queues; hold one back and let it go on."),
    "runs": ("grader.cli.runs:runs", "Find runs; grade again, quarantine, release."),
    "workers": ("grader.cli.workers:workers", "See workers; drain one and let it go on."),
    "user": ("grader.cli.user:user", "Add, list and disable users; set passwords."),
    "token": ("grader.cli.token:token", "Create, list and revoke API tokens."),
    "doctor": ("grader.cli.doctor:doctor", "Look at this machine: what is wrong, how to mend it."),
    "migrate": ("grader.cli.migrate:migrate", "Bring the database to a revision of its tables."),
    "backup": ("grader.cli.backup:backup", "Write all rows and files to one file, while the service runs."),
    "restore": ("grader.cli.restore:restore", "Bring a backup back, into SQLite or PostgreSQL."),
    "retention": ("grader.cli.retention:retention", "How long files are kept."),
    "config": ("grader.cli.config:config", "Show what is set, and where it came from."),
    "version": ("grader.cli.version:version", "Say which version this is."),
}


@click.group(cls=LazyGroup, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, envvar="GRADER_DEBUG", help="Show the whole traceback of an error.")
def cli(debug: bool) -> None:
    """Automated grading of deep-learning notebooks in sandboxed kernels."""


def main() -> None:
    """Runs a command; errors become one sentence on standard error and an exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    debug = "--debug" in arguments[:1] or bool(os.environ.get("GRADER_DEBUG"))
    try:
        code = cli.main(arguments, prog_name="grader", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (`grader … | head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if debug:
            raise
        click.echo(f"Error: {sentence(error)}", err=True)
        return FAILED
    return code if isinstance(code, int) else 0


def sentence(error: Exception) -> str:
    """What to tell a person. Errors of ours speak for themselves; others are named."""
    text = str(error).strip()
    if type(error).__module__.split(".")[0] in {"grader", "worker", "assignments"} and text:
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    first = text.splitlines()[0] if text else ""
    kind = type(error)
    # By name, because most commands never load SQLAlchemy.
    if kind.__module__.startswith("sqlalchemy.") and kind.__name__ in {"OperationalError", "DatabaseError"}:
        return (
            f"The database cannot be used: {first.rpartition('Error) ')[2]}\n"
            "`grader config` says where it is (GRADER_DATABASE_URL, GRADER_HOME); `grader doctor` tries it and its disk"
        )
    return f"{type(error).__name__}: {first}\nRun `grader --debug …` for the details." if first else repr(error)


if __name__ == "__main__":
    main()
