"""What is asked of whoever starts kernels, and what comes back. Nothing here knows how a kernel is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from worker.contract import Limits
from worker.environments import Environment


@dataclass(frozen=True)
class KernelOrder:
    """A jailed kernel that listens on these sockets, which are already bound and listening."""

    environment: Environment
    limits: Limits
    sockets: Mapping[str, int]  # channel ("shell", "iopub", "stdin", "hb", "control") -> file descriptor
    key: bytes  # signs the messages
    signature_scheme: str
    data_files: Mapping[str, Path] = field(default_factory=dict)
    unsafe: bool = False
    withheld: tuple[str, ...] = ()  # helps that the assignment turns off, or "figures"


@dataclass(frozen=True)
class Usage:
    peak_memory_mib: float = 0.0
    cpu_seconds: float = 0.0


class KernelProcess(Protocol):
    """A running kernel. `pidfd` is readable once it has ended."""

    pid: int
    pidfd: int

    @property
    def death_reason(self) -> str:
        """A sentence for the student; "" while it lives."""

    @property
    def lost(self) -> bool:
        """It ended through a fault of ours; nothing is to be concluded about its notebook."""

    @property
    def usage(self) -> Usage: ...

    def interrupt(self) -> None: ...

    def kill(self, reason: str) -> None:
        """At once, all of the jail; from any thread. The first reason stays."""

    def end(self) -> None:
        """Notes what it used and kills it, without waiting. The next thing must be `close`, from any event loop."""

    async def close(self) -> None:
        """Kills whatever is left and returns when all of it is gone: processes, mounts, groups, descriptors."""
