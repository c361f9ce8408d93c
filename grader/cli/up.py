"""`grader up`: the whole service on this machine, until Ctrl-C."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click

from grader.cli.exits import FAILED

if TYPE_CHECKING:
    from grader.cli.service.plan import Options
    from grader.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--demo", is_flag=True, help="With the demonstration course and its public passwords.")
@click.option(
    "--concurrency", "-c", type=click.IntRange(1, 256), help="Notebooks at a time (default: by cores, memory)."
)
@click.option("--queues", "-q", help="What the worker takes: cpu, gpu (default: cpu, and gpu where there is one).")
@click.option("--unsafe", is_flag=True, help="Grade where no sandbox is possible. Never for notebooks of strangers.")
def up(host: str, port: int, demo: bool, concurrency: int | None, queues: str | None, unsafe: bool) -> int:
    """Start the whole service on this machine: web, worker, recorder and, unless named, a private Redis.

    Everything is kept in GRADER_HOME (default: ./var). Ctrl-C stops it all.
    """
    from grader.cli.service.plan import Options, default_concurrency
    from grader.cli.service.running import AlreadyRunning, PortTaken, claim, require_free_port
    from grader.private_files import close_home, make_private

    if demo and not _is_loopback(host):
        raise click.UsageError("The demonstration has public passwords: --demo serves on 127.0.0.1 only.")
    url = f"http://{host}:{port}"
    make_private()  # all that is started here inherits it
    settings = _settings(url)
    close_home(settings.home)
    chosen = Options(host, port, concurrency or default_concurrency(), queues or _queues(), unsafe)
    try:
        with claim(settings.home, url):
            require_free_port(host, port)
            return _run(settings, chosen, demo)
    except (AlreadyRunning, PortTaken) as error:
        raise click.ClickException(str(error)) from None


def _run(settings: Settings, options: Options, demo: bool) -> int:
    from grader.cli.service.plan import stages
    from grader.cli.service.supervisor import StartFailed, Supervisor

    begun = time.monotonic()
    supervisor = Supervisor(settings.home / "logs", say)
    failed = False
    try:
        token = _prepare(settings, demo)
        for stage in stages(settings, options, os.environ):
            supervisor.start(stage)
        if not supervisor.stopping:
            _greet(settings, demo, token, time.monotonic() - begun)
            supervisor.watch()
    except StartFailed as error:
        click.echo(str(error), err=True)
        failed = True
    finally:
        stopping = time.monotonic()
        supervisor.stop()
        _sweep_groups()
        say("grader", f"stopped in {time.monotonic() - stopping:.1f} s; nothing is lost")
    return FAILED if failed else 0


def _sweep_groups() -> None:
    """A worker that was killed could not remove its control groups."""
    from worker.sandbox.cgroup_places import sweep

    sweep()


def _prepare(settings: Settings, demo: bool) -> str:
    """Tables, and the demonstration. Its API token, or "". Raises click.ClickException.

    In a process of its own: the supervisor stays small, for it lives as long as the service.
    """
    from grader.cli.service.plan import PYTHON, environ_of

    command = [*PYTHON, "-m", "grader.cli.service.prepare", *(["--demo"] if demo else [])]
    environ = environ_of(settings, os.environ)
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(done.stdout.strip() or "The database could not be prepared.")
    return done.stdout.strip()


def _settings(url: str) -> Settings:
    """The environment's, with our own address where none is given."""
    from grader.cli.service.running import reachable
    from grader.settings import Settings

    given = {} if os.environ.get("GRADER_PUBLIC_URL") else {"public_url": url}
    if not os.environ.get("GRADER_INTERNAL_URL"):
        given["internal_url"] = reachable(url)
    return Settings.load(**given)


def _greet(settings: Settings, demo: bool, token: str, seconds: float) -> None:
    click.echo(f"\n  The grader runs at {settings.public_url}  (started in {seconds:.1f} s)\n")
    if demo:
        from grader.cli.service.demo import USERS

        for user in USERS:
            click.echo(f"  {user.role:<11} {user.email:<24} password {user.password}")
        click.echo(f"\n  API token: {token}   (of {USERS[0].email})")
    click.echo(f"  Data and logs: {settings.home}")
    click.echo("  Ctrl-C stops everything.\n")
    sys.stdout.flush()


def say(name: str, text: str) -> None:
    """One short line on the terminal; the whole is in the log."""
    width = 160
    line = text if len(text) <= width else text[: width - 1] + "…"
    click.echo(f"{time.strftime('%H:%M:%S')} {name:<9} {line}")
    sys.stdout.flush()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _queues() -> str:
    from grader.cli.service.plan import gpu_count

    return "cpu,gpu" if gpu_count() else "cpu"
