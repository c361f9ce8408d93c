"""Variables that are no settings of the service: those of single commands, workers, set-up and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telemetry.logs import FORMS


@dataclass(frozen=True)
class Other:
    name: str
    reader: str  # what reads it
    help: str
    choices: tuple[str, ...] = ()  # () where anything goes


OTHERS = (
    Other("GRADER_CONFIG", "service", "A TOML file with settings by their names in small letters: `lease_s = 45`."),
    Other("GRADER_LOG", "service, worker", "How log lines are written, see docs/operations.md.", FORMS),
    Other("GRADER_DEBUG", "commands", "Show the whole traceback of an error."),
    Other("GRADER_ENVIRONMENTS_FILE", "commands", "Which Pythons notebooks run in. Default: `environments.toml`."),
    Other("GRADER_SANDBOX_POLICY", "worker", "An administrator's changes of the sandbox's policy."),
    Other("GRADER_JAIL_UID", "worker", "The user that jails run as, where the worker is root."),
    Other("GRADER_URL", "`grader submit`", "Where the service is."),
    Other("GRADER_TOKEN", "`grader submit`", "The API token."),
    Other("GRADER_PASSWORD", "`grader user`", "A new password, instead of being asked for it."),
    Other("GRADER_BIND", "Docker Compose", "The address that the service listens on."),
    Other("GRADER_TORCH", "set-up", "`cpu` or `gpu`: which build of PyTorch is installed."),
    Other("GRADER_TORCH_INDEX", "set-up", "The index that PyTorch is installed from."),
    Other("GRADER_TEST_POSTGRES_URL", "tests", "A PostgreSQL server on which databases may be made and dropped."),
    Other("WORKER_BROKER_URL", "worker", "The broker, as the service's. Default: the private Redis in GRADER_HOME."),
    Other("WORKER_BROKER_URL_FILE", "worker", "A file that holds it."),
    Other("WORKER_PROGRESS_URL", "worker", "Redis for live progress. Default: the broker, where that is Redis."),
    Other("WORKER_PROGRESS_URL_FILE", "worker", "A file that holds it."),
    Other("WORKER_ASSIGNMENTS_DIR", "worker", "The assignments' packages. Default: those beside the code."),
    Other("WORKER_ENVIRONMENTS_FILE", "worker", "Which Pythons notebooks run in. Default: `environments.toml`."),
    Other("WORKER_NAME", "worker", "Its name as staff see it. Default: host and process."),
    Other("WORKER_NODE", "worker", "Celery's name for it on this host."),
    Other("WORKER_WARM", "worker", "`0`: start every kernel from nothing. Default: `1`."),
    Other("WORKER_UNSAFE", "worker", "`1`: grade where no sandbox is possible. Never where students hand in."),
    Other(
        "WORKER_STOP_S",
        "worker",
        "Seconds for the jobs of a worker that is told to stop. Default: 60; under `grader up` 1.",
    ),
    Other("WORKER_GPU_SLOT_MIB", "worker", "Memory of the GPU for each slot; see docs/operations.md, GPUs."),
    Other("WORKER_GPU_AHEAD", "worker", "See docs/operations.md, GPUs."),
    Other("WORKER_MAX_NOTEBOOK_BYTES", "worker", "The largest notebook that it fetches. Default: 20 MiB."),
)


def problems(environ: Mapping[str, str]) -> list[str]:
    """Of those that take one of a few words, each that has another."""
    return [
        f"{other.name}={environ[other.name]!r}: expected {' or '.join(other.choices)}"
        for other in OTHERS
        if other.choices and environ.get(other.name) and environ[other.name] not in other.choices
    ]
