"""matplotlib's list of fonts, made once for each environment; else every kernel would make it anew."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import subprocess
import tempfile
from pathlib import Path

from worker.contract import Limits
from worker.sandbox.errors import KernelStartError, SandboxUnavailable
from worker.sandbox.installation import Installation
from worker.sandbox.jail import run_in_jail

log = logging.getLogger(__name__)

NONE = "none"  # the environment has no matplotlib
# made in a jail, where the paths are those that kernels see
MAKE = """
import json
try:
    import matplotlib, matplotlib.font_manager as manager
except ImportError:
    print(json.dumps(None))
else:
    import pathlib
    made = sorted(pathlib.Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
    print(json.dumps([made[-1].name, made[-1].read_text()] if made else None))
"""


def font_list(installation: Installation) -> Path | None:
    """The file to show to kernels in matplotlib's cache folder; None if there is none to show."""
    try:
        packages = max(installation.host_python.parent.parent.glob("lib/python*/site-packages"))
        changed_ns = packages.stat().st_mtime_ns
    except (OSError, ValueError):
        changed_ns = 0
    return _found(installation, changed_ns)


@functools.lru_cache(maxsize=32)
def _found(installation: Installation, changed_ns: int) -> Path | None:
    key = hashlib.sha256(f"{installation.host_python}\n{changed_ns}".encode()).hexdigest()[:16]
    try:
        folder = cache_folder() / "fonts" / key
        known = list(folder.iterdir()) if folder.is_dir() else [_make(installation, folder)]
    except (OSError, ValueError, subprocess.SubprocessError, KernelStartError, SandboxUnavailable) as problem:
        log.warning("no font list for %s: %s", installation.host_python, problem)  # plots work without, but slower
        return None
    return None if not known or known[0].name == NONE else known[0]


def _make(installation: Installation, folder: Path) -> Path:
    made = json.loads(run_in_jail(installation, MAKE, Limits()))
    name, text = made or (NONE, "")
    folder.parent.mkdir(parents=True, exist_ok=True)
    trial = Path(tempfile.mkdtemp(dir=folder.parent))
    (trial / Path(name).name).write_text(text, encoding="utf-8")
    try:
        trial.rename(folder)
    except OSError:  # another worker was first
        (trial / Path(name).name).unlink()
        trial.rmdir()
    return folder / Path(name).name


def cache_folder() -> Path:
    """GRADER_HOME/cache, else the user's own cache."""
    home = os.environ.get("GRADER_HOME")
    if home:
        return Path(home).absolute() / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader"
