"""`grader worker`: a Celery worker that takes jobs from the queues and grades them in sandboxes."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from grader.cli.exits import FAILED
from grader.cli.packages import assignments_dir, environments_file
from grader.configuration import sources

QUEUES = ("cpu", "gpu")
# What a worker needs of its surroundings. Everything else stays outside: above all the database, the secret key
# and the object store, which a worker must not even be able to tell.
# (Of GRADER_… only the form of logs and what the sandbox needs: where caches are kept, its policy, the jails' uid.)
PASSED_ON: tuple[str, ...] = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
)
PASSED_ON += ("GRADER_LOG", "GRADER_HOME", "GRADER_SANDBOX_POLICY", "GRADER_JAIL_UID")
PASSED_ON_PREFIXES = ("WORKER_", "OTEL_", "CUDA_", "NVIDIA_", "SSL_CERT_", "PYTEST_", "COVERAGE_")


@click.command()
@click.option("--queues", "-q", default="cpu", show_default=True, help="Comma-separated: cpu, gpu.")
@click.option("--concurrency", "-c", type=click.IntRange(1, 256), help="Notebooks at a time (default: one a core).")
@click.option("--broker", envvar="WORKER_BROKER_URL", help="Its URL (default: the private Redis in GRADER_HOME).")
@click.option("--name", envvar="WORKER_NAME", help="As staff see it (default: host and process).")
@click.option("--node", envvar="WORKER_NODE", help="Celery's name for it on this host (default: queues and process).")
@click.option("--unsafe", is_flag=True, envvar="WORKER_UNSAFE", help="Grade where no sandbox is possible.")
@click.option("--loglevel", type=click.Choice(("DEBUG", "INFO", "WARNING")), default="INFO", show_default=True)
def worker(
    queues: str,
    concurrency: int | None,
    broker: str | None,
    name: str | None,
    node: str | None,
    unsafe: bool,
    loglevel: str,
) -> None:
    """Run a worker that grades what is queued. It needs no database and refuses to run without a sandbox."""
    from grader.private_files import make_private

    chosen, url = parse_queues(queues), _broker_url(broker)
    make_private()
    if not unsafe and not _sandbox_works():
        raise click.exceptions.Exit(FAILED)
    shown = name or f"{socket.gethostname()}:{os.getpid()}"
    environ = worker_environ(os.environ, url, shown, unsafe=unsafe)
    node = node or f"{'-'.join(chosen)}-{os.getpid()}"
    command = celery_command(chosen, concurrency or os.cpu_count() or 1, node, loglevel)
    sys.stdout.flush()
    os.execve(sys.executable, command, environ)  # noqa: S606


def parse_queues(text: str) -> list[str]:
    """Raises a usage error for a queue that does not exist."""
    chosen = [part.strip() for part in text.split(",") if part.strip()]
    for part in chosen:
        if part not in QUEUES:
            raise click.UsageError(f"There is no queue {part!r}. There are: {', '.join(QUEUES)}.")
    if not chosen:
        raise click.UsageError("--queues names no queue.")
    return list(dict.fromkeys(chosen))


def celery_command(queues: list[str], concurrency: int, node: str, loglevel: str) -> list[str]:
    return [
        # Celery warns root of pickles on standard error, in no form; only JSON is accepted here.
        *(
            sys.executable,
            "-P",
            "-W",
            "ignore::UserWarning:celery.platforms",
            "-m",
            "celery",
            "--quiet",
            "--app",
            "worker.app:app",
            "worker",
        ),
        *("--queues", ",".join(queues), "--concurrency", str(concurrency), "--pool", "prefork"),
        *("--prefetch-multiplier", "1", "--hostname", f"{node}@%h", "--loglevel", loglevel),
        *("--without-gossip", "--without-mingle"),
    ]


def worker_environ(environ: Mapping[str, str], broker: str, name: str, *, unsafe: bool) -> dict[str, str]:
    """The variables of the worker process: none of the service's own."""
    kept = {k: v for k, v in environ.items() if k in PASSED_ON or k.startswith(PASSED_ON_PREFIXES)}
    kept |= {"WORKER_BROKER_URL": broker, "WORKER_NAME": name, "WORKER_UNSAFE": "1" if unsafe else "0"}
    kept.setdefault("WORKER_ASSIGNMENTS_DIR", str(assignments_dir()))
    kept.setdefault("WORKER_ENVIRONMENTS_FILE", str(environments_file()))
    return kept


def _broker_url(given: str | None) -> str:
    """As Celery wants it. Where neither option nor variable names one: that of WORKER_BROKER_URL_FILE, else the
    private Redis. Raises a usage error for a broker that we do not know."""
    from grader import urls
    from worker.settings import secret_of

    named = given or secret_of(os.environ, "WORKER_BROKER_URL")
    try:
        return urls.broker(named or urls.private_redis(sources.path_of("home", Path("var"))), "WORKER_BROKER_URL")
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _sandbox_works() -> bool:
    """Tries every layer; says on standard error what is wrong and how to mend it."""
    from grader.cli.doctor import sandbox_findings

    wrong = [finding for finding in sandbox_findings(environments_file()) if finding.status == "wrong"]
    for finding in wrong:
        click.echo(f"{finding.name}: {finding.detail}\n  To mend it: {finding.fix}", err=True)
    if wrong:
        click.echo(
            "No sandbox is possible here, so nothing is graded. `grader doctor` shows every layer. --unsafe would run "
            "students' code with all the rights of this user: never do that with notebooks of strangers.",
            err=True,
        )
    return not wrong
