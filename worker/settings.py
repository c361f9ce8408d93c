"""What a worker is told, all from the environment (prefix `WORKER_`). No database URL: it has none."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A variable is missing or has a value that cannot be used; the text names it."""


@dataclass(frozen=True)
class WorkerSettings:
    broker_url: str = field(repr=False)  # may hold a password
    progress_url: str = field(repr=False)  # Redis; "" where there is none
    assignments_dir: Path
    environments_file: Path
    name: str
    unsafe: bool = False
    warm: bool = True  # keep parents from which kernels are forked
    max_notebook_bytes: int = 20 * 1024 * 1024
    stop_s: int = 60  # for the jobs of a worker that is told to stop; then they are handed back
    gpu_slot_mib: int = 0  # of a GPU's memory for each kernel on it; 0: one kernel has the GPU for itself


def from_environment(environ: Mapping[str, str] | None = None) -> WorkerSettings:
    """Read the settings. Raises SettingsError."""
    env = os.environ if environ is None else environ
    broker = secret_of(env, "WORKER_BROKER_URL")
    if not broker:
        raise SettingsError("WORKER_BROKER_URL is not set: give the broker's URL, for example redis://localhost:6379/0")
    progress = secret_of(env, "WORKER_PROGRESS_URL", broker if broker.startswith("redis") else "")
    return WorkerSettings(
        broker_url=broker,
        progress_url=progress,
        assignments_dir=Path(env.get("WORKER_ASSIGNMENTS_DIR", ROOT / "assignments")),
        environments_file=Path(env.get("WORKER_ENVIRONMENTS_FILE", ROOT / "environments.toml")),
        name=env.get("WORKER_NAME", f"{socket.gethostname()}:{os.getpid()}"),
        unsafe=_flag(env, "WORKER_UNSAFE"),
        warm=_flag(env, "WORKER_WARM", default="1"),
        max_notebook_bytes=_whole(env, "WORKER_MAX_NOTEBOOK_BYTES", WorkerSettings.max_notebook_bytes),
        stop_s=_whole(env, "WORKER_STOP_S", WorkerSettings.stop_s),
        gpu_slot_mib=gpu_slot_mib(env),
    )


def gpu_slot_mib(environ: Mapping[str, str] | None = None) -> int:
    """Also for who needs no broker: the command line. Raises SettingsError."""
    return _whole(os.environ if environ is None else environ, "WORKER_GPU_SLOT_MIB", WorkerSettings.gpu_slot_mib)


def secret_of(env: Mapping[str, str], name: str, default: str = "") -> str:
    """The variable, else what the file holds that `NAME_FILE` names: secrets of containers come so."""
    if name in env or not env.get(f"{name}_FILE"):
        return env.get(name, default)
    try:
        return Path(env[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"{name}_FILE names a file that cannot be read: {why}") from None


def gpu_ahead(environ: Mapping[str, str] | None = None) -> bool:
    """Whether kernels that wait for a job begin CUDA meanwhile. Raises SettingsError."""
    return _flag(os.environ if environ is None else environ, "WORKER_GPU_AHEAD")


def _flag(env: Mapping[str, str], name: str, default: str = "") -> bool:
    value = env.get(name, default).lower()
    if value not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise SettingsError(f"{name}={value!r}: expected 1 or 0")
    return value in {"1", "true", "yes"}


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    try:
        value = int(env.get(name, default))
    except ValueError:
        raise SettingsError(f"{name}={env[name]!r}: expected a whole number") from None
    if value < 0:
        raise SettingsError(f"{name}={value}: expected a whole number that is not negative")
    return value
