"""Making one virtual environment and filling it with pip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.setup import stamp
from tools.setup.say import SetupError, say, step

ADVICE = """What usually helps:
  - no network, or a proxy: set HTTPS_PROXY, or PIP_INDEX_URL to a package index that can be reached
  - no space: an environment needs about 1 GB, PyTorch's GPU build several more
  - then run the same command again; what is half-made is thrown away"""

FOREIGN = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}


@dataclass(frozen=True)
class Environment:
    """A virtual environment at `place`; what pip says goes to `log`."""

    place: Path
    log: Path

    @property
    def python(self) -> Path:
        return stamp.python(self.place)

    @property
    def mark(self) -> Path:
        return stamp.unfinished(self.place)

    @property
    def title(self) -> str:
        return self.place.name

    def create(self, pip_lock: Path) -> None:
        """Anew, from the Python that runs this. Whatever was there goes."""
        if self.place.is_symlink():
            self.place.unlink()
        if self.place.exists():
            say(f"  {self.title}: not whole, or moved from elsewhere; making it anew")
            shutil.rmtree(self.place)
        self.place.parent.mkdir(parents=True, exist_ok=True)
        with step(f"{self.title}: creating with Python {sys.version.split()[0]}"):
            self._run([sys.executable, "-m", "venv", str(self.place)])
            self.mark.touch()
            self.pip("install", "-r", str(pip_lock))

    def pip(self, *arguments: str) -> None:
        """Raises SetupError with pip's last lines."""
        self._run([str(self.python), "-m", "pip", *arguments, "--progress-bar", "off"])

    def pip_report(self, *requirements: str) -> dict[str, Any] | None:
        """What `pip install` would do, without doing it; None if pip finds no way."""
        target = self.place / ".report.json"
        command = [str(self.python), "-m", "pip", "install", "--dry-run", "--quiet", "--report", str(target)]
        try:
            self._run([*command, *requirements])
            report: dict[str, Any] = json.loads(target.read_text())
        except (SetupError, OSError, ValueError):
            return None
        finally:
            target.unlink(missing_ok=True)
        return report

    def run(self, code: str) -> str:
        """Standard output of `code` in this environment."""
        return self._run([str(self.python), "-P", "-c", code])

    def _run(self, command: Sequence[str]) -> str:
        variables = {k: v for k, v in os.environ.items() if k not in FOREIGN} | QUIET
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # close_fds=False: a pip that outlives us keeps the lock of main.only_one
        done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False, close_fds=False)
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}[exit {done.returncode}]\n")
        if done.returncode != 0:
            noise = "Location 'file://"
            said = [line for line in (done.stdout + done.stderr).splitlines() if noise not in line]
            tail = "\n".join("  | " + line for line in said[-15:])
            raise SetupError(f"{self.title}: set-up failed.\n{tail}\n{ADVICE}\nThe whole log: {self.log}")
        return done.stdout
