"""Which user makes the jail. A worker that runs as root gives root up first."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from worker.sandbox.bubblewrap import Bubblewrap, command_line
from worker.sandbox.installation import INSIDE, Installation

STAGE = Path(__file__).with_name("stage.py")
DEFAULT_UID = 65534


def jail_uid() -> int:
    """The uid that jails of a root worker run under; GRADER_JAIL_UID names another."""
    return int(os.environ.get("GRADER_JAIL_UID", DEFAULT_UID))


def as_ordinary_user(
    bwrap: Bubblewrap,
    arguments: Sequence[str],
    command: Sequence[str],
    installation: Installation,
    files: Mapping[str, Path],
) -> list[str]:
    """The whole command line, which as root begins with the staging of what the ordinary user cannot reach."""
    if os.geteuid() != 0:
        return command_line(bwrap, arguments, command)
    sources = list(dict.fromkeys([*(host for host, _ in installation.mounts), INSIDE, *files.values()]))
    staged = {str(path): f"@{number}" for number, path in enumerate(sources)}
    program = str(bwrap.path)
    if not bwrap.system:  # its libraries lie beside its package
        packages = bwrap.path.parent.parent.parent
        staged[str(packages)] = f"@{len(staged)}"
        program = f"{staged[str(packages)]}/{bwrap.path.relative_to(packages)}"
    inner = [_staged(argument, before, staged) for before, argument in zip(["", *arguments], arguments, strict=False)]
    uid = str(jail_uid())
    head = [sys.executable, "-I", "-S", str(STAGE), uid, uid, str(len(staged)), *staged]
    return [*head, program, *inner, "--", *command]


def _staged(argument: str, before: str, staged: Mapping[str, str]) -> str:
    """Only the first path after --ro-bind is one of the host."""
    if before != "--ro-bind":
        return argument
    if argument in staged:
        return staged[argument]
    inside = str(INSIDE) + "/"
    return f"{staged[str(INSIDE)]}/{argument.removeprefix(inside)}" if argument.startswith(inside) else argument
