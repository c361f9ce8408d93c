"""Where this process may make control groups: version 1 as root, version 2 where somebody delegated them to us.

In version 2 a group that hands controllers on may hold no processes itself. systemd's Delegate= gives a service its
own group; with DelegateSubgroup= its processes are in a group below already. Where they are not (an older systemd, a
container), ours are moved into one; never in a group that was not given to us.
"""

from __future__ import annotations

import contextlib
import functools
import os
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
OWN = Path("/proc/self/cgroup")
MAIN = "grader-main"  # our own processes, where we have to make room
CONTROLLERS_1 = ("memory", "pids", "cpu")
CONTROLLERS_2 = "+memory +pids +cpu"
GIVEN = ("user.delegate", "trusted.delegate")  # how systemd marks a group that it gave away
TRIES = 5


@dataclass(frozen=True)
class Hierarchy:
    """One place where groups can be made."""

    version: int
    folder: Path
    controller: str  # "memory", "pids" or "cpu"; "" for all, in version 2


@functools.cache
def hierarchies() -> tuple[Hierarchy, ...]:
    """Where this process may make groups; tried for real, once."""
    usable = tuple(place for place in _version_1() if _usable(place)) or tuple(_version_2())
    for place in usable:
        _sweep(place)
    return usable


def sweep() -> None:
    """Removes the empty groups of workers that were killed."""
    for place in hierarchies():
        _sweep(place)


def _sweep(place: Hierarchy) -> None:
    """A group that is in use cannot be removed."""
    for folder in place.folder.glob("grader-*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _version_1() -> list[Hierarchy]:
    mounts = _mounts("cgroup")
    found = []
    for controllers, group in _own_groups().items():
        for controller in CONTROLLERS_1:
            if controller in controllers.split(","):
                mount = next((mount for mount in mounts if controller in mount.options), None)
                if mount is not None:
                    found.append(Hierarchy(1, mount.folder_of(group), controller))
    return found


def _version_2() -> list[Hierarchy]:
    group, mounts = _own_groups().get(""), _mounts("cgroup2")
    if group is None or not mounts:
        return []
    own = mounts[0].folder_of(group)
    places = [own.parent] if own.name == MAIN or _given(own.parent) else []
    if _given(own) or _holds_first_process(own):
        places.append(own)
    for folder in places:
        place = Hierarchy(2, folder, "")
        if _hands_on(folder) and _usable(place):
            return [place]
    return []


def _hands_on(folder: Path) -> bool:
    """Whether groups made in this one have limits, if need be from now on."""
    with contextlib.suppress(OSError):
        if "memory" in (folder / "cgroup.subtree_control").read_text().split():
            return True
        if "memory" not in (folder / "cgroup.controllers").read_text().split():
            return False
        _make_room(folder)
        (folder / "cgroup.subtree_control").write_text(CONTROLLERS_2)
        return True
    return False


def _make_room(folder: Path) -> None:
    """Moves the processes of this group into one below. New ones may come meanwhile."""
    for _ in range(TRIES):
        pids = (folder / "cgroup.procs").read_text().split()
        if not pids:
            return
        (folder / MAIN).mkdir(exist_ok=True)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                (folder / MAIN / "cgroup.procs").write_text(pid)


def _given(folder: Path) -> bool:
    for mark in GIVEN:
        with contextlib.suppress(OSError):
            if os.getxattr(folder, mark) == b"1":
                return True
    return False


def _holds_first_process(folder: Path) -> bool:
    """So it is in a container, whose groups are its own."""
    with contextlib.suppress(OSError):
        return "1" in (folder / "cgroup.procs").read_text().split()
    return False


def _usable(place: Hierarchy) -> bool:
    trial = place.folder / f"grader-trial-{os.getpid()}"
    try:
        trial.mkdir()
    except OSError:
        return False
    try:
        return place.version == 1 or (trial / "memory.max").exists()
    finally:
        trial.rmdir()


def _own_groups() -> dict[str, str]:
    """Controllers -> this process's group, as the system tells; "" -> that of version 2."""
    lines = OWN.read_text().splitlines()
    return {line.split(":", 2)[1]: line.split(":", 2)[2].lstrip("/") for line in lines}


@dataclass(frozen=True)
class _Mount:
    folder: Path
    root: Path  # the group that is mounted there: in a container often not the topmost
    options: tuple[str, ...]

    def folder_of(self, group: str) -> Path:
        path = Path("/", group)
        return self.folder / (path.relative_to(self.root) if path.is_relative_to(self.root) else group)


def _mounts(kind: str) -> list[_Mount]:
    """Those of this kind."""
    found = []
    for line in MOUNTS.read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        kind_of_this, _, options = rest.split(" ", 2)
        if kind_of_this == kind:
            _, _, _, root, folder, *_ = fields.split()
            found.append(_Mount(Path(folder), Path(root), tuple(options.split(","))))
    return found
