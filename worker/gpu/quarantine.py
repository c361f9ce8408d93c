"""Devices that are out of service, as the processes of all workers on this machine see it: one small file each."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 1800.0
CALM_S = 3600.0  # a device that has been well for so long starts anew with the first pause


@dataclass(frozen=True)
class Sick:
    """`times`: how often it fell ill without a calm between."""

    why: str  # for staff
    since: float  # unix seconds
    times: int = 1

    @property
    def retest_at(self) -> float:
        return self.since + min(FIRST_PAUSE_S * 2.0 ** min(self.times - 1, 20), LONGEST_PAUSE_S)


class Quarantine:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, uuid: str) -> Sick | None:
        """None for a device that is in service."""
        return _read(self._path(uuid))

    def put(self, uuid: str, why: str, now: float | None = None) -> Sick:
        """Takes it out of service, or keeps it there for longer."""
        at = time.time() if now is None else now
        before = self.of(uuid) or _read(self._past(uuid))
        recent = before is not None and at - before.since < CALM_S + LONGEST_PAUSE_S
        sick = Sick(why, at, before.times + 1 if before is not None and recent else 1)
        self._write(self._path(uuid), sick)
        return sick

    def end(self, uuid: str) -> None:
        """It is in service again; how often it was ill is kept for a while."""
        with contextlib.suppress(FileNotFoundError):
            os.replace(self._path(uuid), self._past(uuid))

    def _write(self, path: Path, sick: Sick) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(asdict(sick)), encoding="utf-8")
        os.replace(draft, path)

    def _path(self, uuid: str) -> Path:
        return self._folder / f"{uuid}.sick"

    def _past(self, uuid: str) -> Path:
        return self._folder / f"{uuid}.past"


def _read(path: Path) -> Sick | None:
    """What cannot be read is no illness: the device is tested before each job anyway."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Sick(str(raw["why"]), float(raw["since"]), int(raw["times"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
