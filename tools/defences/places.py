"""Where the sandbox's defences and their tests are."""

from __future__ import annotations

from tools.defences.defence import Defence, Edit

NOTEBOOKS = "tests/sandbox/test_hostile_notebooks.py"
ISOLATION = "tests/sandbox/test_hostile_isolation.py"
WARM = "tests/sandbox/test_warm_parent.py"
RUNNING = "tests/sandbox/test_running.py"
OUTPUT = "tests/sandbox/test_output.py"
ALONE = "tests/sandbox/test_watcher_alone.py"
PROCESSES = "worker/sandbox/processes.py"
WATCHER = "worker/sandbox/watcher.py"
ISOLATE = "worker/sandbox/inside/isolate.py"
CHILD = "worker/sandbox/inside/child.py"
STREAMS = "worker/sandbox/inside/streams.py"
COLD = "worker/sandbox/bubblewrap.py"
OUTER = "worker/sandbox/warm/outer.py"
LIMITS = "worker/sandbox/limits.py"
SESSION = "worker/kernels/session.py"
SHARES = "shares_no_namespace"


def notebooks(name: str, chosen: str, *edits: tuple[str, str, str]) -> Defence:
    """A defence that hostile notebooks find missing."""
    return Defence(name, tuple(Edit(*edit) for edit in edits), (NOTEBOOKS,), chosen)
