"""Database, broker, store, assignments, browser."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding

if TYPE_CHECKING:
    from assignments.metadata import Package
    from grader.settings import Settings


def database_findings(settings: Settings) -> list[Finding]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from grader.db.revisions import revisions

    url = make_url(settings.database_url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        return [Finding("service", "database", NOTE, f"{url.database} is not there yet", "`grader up` makes it.")]
    try:
        found = revisions(settings.database_url)
    except SQLAlchemyError as error:
        first = str(error).splitlines()[0]
        return [Finding("service", "database", WRONG, f"{shown}: {first}", "Start it, or correct GRADER_DATABASE_URL.")]
    if found.current == found.head:
        return [Finding("service", "database", RIGHT, f"{shown}, revision {found.current}")]
    text = f"{shown} has revision {found.current or 'none'}, needed is {found.head}"
    if found.ahead:
        return [
            Finding("service", "database", NOTE, f"{text}: a newer version made it", "Upgrade the grader here too.")
        ]
    return [Finding("service", "database", WRONG, text, "Run `grader migrate upgrade`.")]


def broker_findings(settings: Settings) -> list[Finding]:
    from grader import urls
    from grader.cli.service.private_redis import NoRedis, answers, redis_server

    if settings.broker_url == urls.private_redis(settings.home):
        try:
            server = redis_server()
        except NoRedis as error:
            return [Finding("service", "Redis", WRONG, "no redis-server", str(error))]
        running = "running" if answers(urls.redis_socket(settings.home)) else "started by `grader up`"
        return [Finding("service", "Redis", RIGHT, f"private, {running}; {server}")]
    from kombu.connection import Connection

    with Connection(settings.broker_url, connect_timeout=3) as connection:  # type: ignore[no-untyped-call]
        shown = connection.as_uri()
        try:
            connection.ensure_connection(max_retries=1, timeout=4)
        except Exception as error:  # noqa: BLE001 - each transport has errors of its own
            text = f"{shown} does not answer: {error}"
            return [Finding("service", "broker", WRONG, text[:300], "Start it, or correct GRADER_BROKER_URL.")]
    return [Finding("service", "broker", RIGHT, shown)]


def assignment_findings(root: Path) -> list[Finding]:
    from grader.cli.packages import load_good

    packages, errors = load_good(root)
    good = [package.slug for package in packages]
    bad = [Finding("service", e.path.parent.name, WRONG, str(e), "Correct the package.") for e in errors]
    bad += [finding for package in packages if (finding := _limits_finding(package))]
    if not good and not bad:
        return [Finding("service", "assignments", NOTE, f"none in {root}", "Set GRADER_ASSIGNMENTS_DIR.")]
    return [*bad, Finding("service", "assignments", RIGHT, ", ".join(good))] if good else bad


def _limits_finding(package: Package) -> Finding | None:
    """What asks for more than the administrator allows is never graded."""
    from worker.contract import Limits
    from worker.sandbox.errors import SandboxUnavailable
    from worker.sandbox.policy import check_limits

    try:
        check_limits(Limits(**asdict(package.metadata.limits)), str(package.folder / "assignment.toml"))
    except SandboxUnavailable as problem:
        return Finding("service", package.slug, WRONG, problem.reason, problem.fix)
    return None


def browser_findings() -> list[Finding]:
    found = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
    if found:
        return [Finding("development", "Chromium", RIGHT, found)]
    how = "Only the end-to-end tests need it: apt install chromium."
    return [Finding("development", "Chromium", NOTE, "not installed", how)]
