from __future__ import annotations

import sys

from grader.tasks.config import DELIVERY_QUEUE
from worker.contract import RESULTS_QUEUE


def recorder_command(*, threads: int = 4, name: str = "recorder") -> list[str]:
    """The command line of a recorder, which takes its settings from the environment (GRADER_…).

    Several may run, also on several machines; each needs a `name` of its own there.
    """
    # Celery warns root of pickles on standard error, in no form; only JSON is accepted here.
    command = [sys.executable, "-W", "ignore::UserWarning:celery.platforms"]
    command += ["-m", "celery", "--quiet", "-A", "grader.tasks.app:app", "worker"]
    command += ["-Q", f"{RESULTS_QUEUE},{DELIVERY_QUEUE}", "-n", f"{name}@%h", "--loglevel", "WARNING"]
    command += ["--pool", "threads", "--concurrency", str(threads), "--without-gossip", "--without-mingle"]
    return command
