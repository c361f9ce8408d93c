"""Starts a checker for `grader doctor`, and lets it try what a check must not do."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from assignments.gradable import GradablePackage, load_gradable_package
from assignments.outcome import Outcome
from worker.checker.checks import Answer, Checks, Moment
from worker.checker.errors import CheckBroken, CheckerLost, ChecksUnusable, SandboxUnavailable
from worker.checker.parents import Parents
from worker.sandbox.probe import Layer

REPORT = "Please report this: the checker was started, but its jail does not hold."
TRIALS = {
    "a socket": "import socket; socket.socket()",
    "another process": "import os; os.fork()",
    "a file that it can write": "open('/tmp/x', 'w')",
    "this machine's processes": "import os; os.listdir('/proc')[0]",
    "the network's settings": "open('/etc/resolv.conf')",
}
CHECKS = """
from assignments.asking import Ask
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.registry import check

TRIALS = {trials!r}

@check("probe")
def probe(ask: Ask) -> Outcome:
    got = []
    for name, code in TRIALS.items():
        try:
            exec(code, {{}})
            got.append(name)
        except Exception:
            pass
    return Outcome(Conclusion.PASSED, 1.0, ", ".join(got))
"""
TOML = 'title = "Probe"\nsummary = "Probe."\n[[checks]]\nkey = "probe"\ntitle = "Probe"\npoints = 1\n'


def checker_layer() -> Layer:
    """Takes about a second; raises nothing."""
    parents = Parents()
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)  # noqa: S103  checkers do not run as root
            outcome = asyncio.run(_probe(_package(Path(folder) / "probe"), parents))
    except SandboxUnavailable as problem:
        return Layer("checker", False, problem.reason, problem.fix)
    except (CheckBroken, CheckerLost, ChecksUnusable, OSError) as problem:
        return Layer("checker", False, f"Checks cannot be carried out: {problem}", REPORT)
    finally:
        parents.stop()
    if outcome.message:
        return Layer("checker", False, f"A check can get {outcome.message}.", REPORT)
    return Layer("checker", True, "a check was carried out: it got no socket, process, file to write or /proc")


def _package(folder: Path) -> GradablePackage:
    folder.mkdir(mode=0o755)
    (folder / "assignment.toml").write_text(TOML, encoding="utf-8")
    (folder / "checks.py").write_text(CHECKS.format(trials=TRIALS), encoding="utf-8")
    for name in ("starter.ipynb", "solution.ipynb"):
        (folder / name).write_text("{}", encoding="utf-8")
    return load_gradable_package(folder)


async def _probe(package: GradablePackage, parents: Parents) -> Outcome:
    async def no_kernel(requests: object) -> list[Answer]:
        return []

    async with Checks(package, parents=parents) as checks:
        return await checks.run("probe", Moment(1, 0, no_kernel))
