"""The rule of how long files are kept, carried out beside the sweeps: a little at a time."""

from __future__ import annotations

import logging
import time

from grader.audit.service import Actor
from grader.retention import purging, rules
from grader.time import utc_now
from grader.wiring import Backend

log = logging.getLogger(__name__)
APPLY_EVERY_S, PURGE_EVERY_S = 3600.0, 30.0
FILES_AT_ONCE = 20  # an object store takes its time for each, and the sweeps wait
BY = Actor.system("retention")


class Tidier:
    def __init__(self) -> None:
        self._apply_at = self._purge_at = 0.0

    def tidy(self, parts: Backend) -> None:
        now = time.monotonic()
        if now >= self._apply_at:
            self._apply_at = now + APPLY_EVERY_S
            with parts.writing() as session:
                done = rules.apply(session, utc_now(), BY)
            if not done.nothing:
                log.info("retention: %d files and %d executed notebooks removed", done.files, done.executed)
        if now >= self._purge_at:
            self._purge_at = now + PURGE_EVERY_S
            purging.purge(parts.sessions, parts.blobs, utc_now(), limit=FILES_AT_ONCE)
