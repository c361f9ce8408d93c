"""Exit codes of the `grader` command, the same for every subcommand."""

from __future__ import annotations

FAILED = 1
USAGE = 2
INTERRUPTED = 130
