"""What the sandbox demands and allows: policy.toml, and over it the file that an administrator names."""

from __future__ import annotations

import dataclasses
import functools
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from worker.contract import Limits
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.syscalls import names

DEFAULT = Path(__file__).with_name("policy.toml")
VARIABLE = "GRADER_SANDBOX_POLICY"

Need = Literal["required", "preferred"]
Positive = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]
CountOrNone = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]


def _known_call(name: str) -> str:
    if name not in names():
        raise ValueError(f"there is no system call {name!r}")
    return name


SystemCall = Annotated[str, AfterValidator(_known_call)]
RefusableCommand = Literal["NOTIFY", "SETLEASE"]
RefusableRequest = Literal["TIOCSTI", "TIOCLINUX", "TIOCSCTTY", "TIOCSETD", "TIOCCONS"]
ProcessOption = Literal[
    "SET_PDEATHSIG",
    "GET_PDEATHSIG",
    "GET_DUMPABLE",
    "SET_DUMPABLE",
    "SET_NAME",
    "GET_NAME",
    "GET_SECCOMP",
    "SET_SECCOMP",
    "CAPBSET_READ",
    "SET_TIMERSLACK",
    "GET_TIMERSLACK",
    "SET_NO_NEW_PRIVS",
    "GET_NO_NEW_PRIVS",
    "SET_THP_DISABLE",
    "GET_THP_DISABLE",
    "SET_VMA",
]
DeviceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class Layers:
    system_call_filter: Need
    no_further_namespaces: Need
    control_groups: Need
    cgroup_namespace: Need


@dataclass(frozen=True, config=STRICT)
class Most:
    """The most that an assignment may ask for: the fields of worker.contract.Limits."""

    wall_s: Positive
    cell_s: Positive
    call_s: Positive
    memory_mib: Count
    scratch_mib: Count
    output_mib: Count
    processes: Count


@dataclass(frozen=True, config=STRICT)
class Resources:
    open_files: Annotated[int, Field(ge=64, le=1_000_000, strict=True)]
    files: Count
    sockets: Count
    shared_memory: Annotated[float, Field(ge=0, le=1)]
    address_space_margin_mib: Count
    processors: Positive
    pending_signals: Count
    queue_bytes: CountOrNone
    locked_kib: CountOrNone


@dataclass(frozen=True, config=STRICT)
class Devices:
    nodes: tuple[DeviceName, ...]


@dataclass(frozen=True, config=STRICT)
class Sockets:
    families: tuple[Literal["unix", "inet", "inet6", "netlink"], ...]


@dataclass(frozen=True, config=STRICT)
class SystemCalls:
    allow: tuple[SystemCall, ...]
    also_allow: tuple[SystemCall, ...]
    absent: tuple[SystemCall, ...]
    refused_ioctl: tuple[RefusableRequest, ...]
    refused_fcntl: tuple[RefusableCommand, ...]
    prctl: tuple[ProcessOption, ...]


@dataclass(frozen=True, config=STRICT)
class Gpu:
    also_allow: tuple[SystemCall, ...]


@dataclass(frozen=True, config=STRICT)
class Policy:
    layers: Layers
    limits: Most
    resources: Resources
    devices: Devices
    sockets: Sockets
    system_calls: SystemCalls
    gpu: Gpu


_ADAPTER = TypeAdapter(Policy)


class PolicyError(SandboxUnavailable):
    """The policy cannot be used, so nothing is graded. The text names the file and the key."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}.", f"Correct the file; {DEFAULT.name} has every key with its default.")


class LimitsRefused(SandboxUnavailable):
    """An assignment asks for more than the administrator allows."""


def policy_file() -> Path:
    """Where the values come from that are not the default."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def current_policy() -> Policy:
    """The policy of this process. Raises PolicyError."""
    return _load_once(policy_file())


def load_policy(path: Path) -> Policy:
    """The default with what `path` changes. Raises PolicyError."""
    values = _read(DEFAULT)
    if path != DEFAULT:
        _replace(values, _read(path), path)
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=True)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PolicyError(path, f"{key}: {first['msg']}, got {first['input']!r:.80}") from None


@functools.lru_cache(maxsize=4)
def _load_once(path: Path) -> Policy:
    return load_policy(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise PolicyError(path, f"cannot be read ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise PolicyError(path, f"is not valid TOML: {problem}") from None


def _replace(values: dict[str, Any], changes: Mapping[str, Any], path: Path) -> None:
    for table, entries in changes.items():
        if table not in values:
            raise PolicyError(path, f"{table}: there is no such table; there are {', '.join(values)}")
        if not isinstance(entries, dict):
            raise PolicyError(path, f"{table}: must be a table, [{table}]")
        for key, value in entries.items():
            if key not in values[table]:
                raise PolicyError(path, f"{table}.{key}: there is no such key; there are {', '.join(values[table])}")
            values[table][key] = value


def check_limits(limits: Limits, asked_in: str) -> None:
    """Raises LimitsRefused where more is asked for than the policy allows. `asked_in`: the file that asks."""
    most = current_policy().limits
    for key, asked in dataclasses.asdict(limits).items():
        allowed = getattr(most, key)
        if asked > allowed:
            file = policy_file()
            raise LimitsRefused(
                f"{asked_in}: limits.{key} is {asked:g}, and at most {allowed:g} is allowed by {file}.",
                f"Ask for less, or set {key} in [limits] of the file that {VARIABLE} names.",
            )
