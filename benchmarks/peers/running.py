"""Commands of the compared tools: an environment without this checkout's settings, a limit, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.peers.contender import PeerError

LIMIT_S = 900.0
KEPT = ("LANG", "LC_ALL", "TZ", "TMPDIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environ(environment: Path, home: Path, **more: str) -> dict[str, str]:
    """Variables under which a tool finds only its own Python, kernel and configuration."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "PATH": f"{environment / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PATH": str(environment / "share/jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter/config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter/data"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter/runtime"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "PYTHONNOUSERSITE": "1",
        **more,
    }


def run(
    tool: str, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], limit_s: float = LIMIT_S
) -> str:
    """Standard output. Raises PeerError with the last lines when the command fails or takes too long."""
    child = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise PeerError(f"{tool}: not done after {limit_s:.0f} s: {' '.join(map(str, command))}") from None
    finally:
        with suppress(ProcessLookupError, PermissionError):  # a kernel that outlived its tool
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.returncode != 0:
        last = "\n".join((out + "\n" + err).strip().splitlines()[-25:])
        raise PeerError(f"{tool}: {' '.join(map(str, command))} ended with {child.returncode}:\n{last}")
    return out
