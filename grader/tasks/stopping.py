"""A recorder that is told to stop ends within `STOP_S`, whatever it waits for.

Celery would wait for its tasks for ever, and one that waits for a database or a platform can take that long. What is
cut off was not committed, and its message was not acknowledged: the next recorder gets it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery.signals import worker_shutting_down

log = logging.getLogger(__name__)

STOP_S = 25.0  # less than the 30 s that orchestrators usually give

_begun = threading.Event()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def limit_the_wait(**_: Any) -> None:
    if not _begun.is_set():
        _begun.set()
        threading.Thread(target=_end_within, args=(STOP_S,), name="stop", daemon=True).start()


def _end_within(seconds: float) -> None:
    time.sleep(seconds)
    log.error("the recorder did not end by itself in %g s; the next one does what it leaves", seconds)
    os._exit(1)
