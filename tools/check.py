"""`make test`: style, types, import rules, tests; one section each, all of them run, fails on any.

The output ends with pytest's own closing line; a summary of the other sections stands before pytest starts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
IMPORT_RULES = "from importlinter.cli import lint_imports_command as command; command(['--no-logo'])"
SECTIONS: dict[str, Sequence[str]] = {
    "ruff check": (str(BIN / "ruff"), "check", "."),
    "ruff format": (str(BIN / "ruff"), "format", "--check", "."),
    "mypy": (sys.executable, "-m", "mypy"),
    "import rules": (
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as c; c()",
    ),
}


# The sandbox's tests look at every process and descriptor of their own, so they share a process with nobody; and the
# browser of tests/e2e keeps an event loop running, beside which no other can be started.
PYTEST_RUNS = (["tests/sandbox"], ["tests/e2e"], ["--ignore=tests/sandbox", "--ignore=tests/e2e"])


# Many tests start real processes on machines that others use too. One that fails is tried once more, and named at the
# end ("RERUN"). A notebook that got out of its jail, or points that it did not earn, fail at the first try.
SECOND_TRY = ("--reruns", "1", "--rerun-except", "it got (out|[0-9])", "-rfEsR")


def section(title: str, command: Sequence[str]) -> bool:
    print(f"\n== {title} ==", flush=True)
    begun = time.monotonic()
    passed = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    print(f"-- {title}: {'ok' if passed else 'FAILED'} ({time.monotonic() - begun:.1f} s)", flush=True)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description="Style, types, import rules and tests.")
    parser.add_argument("--no-tests", action="store_true")
    options, pytest_arguments = parser.parse_known_args()
    results = {title: section(title, command) for title, command in SECTIONS.items()}
    failed = [title for title, passed in results.items() if not passed]
    print("\n== before the tests ==")
    for title, passed in results.items():
        print(f"  {'ok    ' if passed else 'FAILED'}  {title}")
    if options.no_tests:
        return 1 if failed else 0
    code = 0
    for arguments in [pytest_arguments] if pytest_arguments else PYTEST_RUNS:
        print(f"\n== pytest {' '.join(arguments)} ==", flush=True)
        command = [sys.executable, "-m", "pytest", *SECOND_TRY, *arguments]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode or code
    if failed:
        print(f"make test fails: {', '.join(failed)}", file=sys.stderr, flush=True)
        return code or 1
    return code


if __name__ == "__main__":
    sys.exit(main())
