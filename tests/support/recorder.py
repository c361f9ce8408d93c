"""A real recorder process, and a worker's end of the results queue."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from celery import Celery

from grader.settings import Settings
from grader.tasks.command import recorder_command
from worker.contract import RESULTS_QUEUE, TASK_RESULT, ResultMessage


@contextmanager
def running_recorder(
    settings: Settings, log: Path, *, command: Sequence[str] = (), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    variables = {
        "GRADER_HOME": str(settings.home),
        "GRADER_DATABASE_URL": settings.database_url,
        "GRADER_BROKER_URL": settings.broker_url,
        "GRADER_SECRET_KEY": settings.secret_key.get_secret_value(),
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command or recorder_command(threads=2), env={**os.environ, **variables}, stdout=output, stderr=output
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class ResultSender:
    """Sends what a worker sends."""

    def __init__(self, broker_url: str) -> None:
        self._app = Celery("test-worker", broker=broker_url, set_as_current=False)
        self._connection = self._app.connection_for_write()

    def send(self, task: str, message: object) -> None:
        self._app.send_task(task, args=[message], queue=RESULTS_QUEUE, connection=self._connection)

    def result(self, message: ResultMessage) -> None:
        self.send(TASK_RESULT, message.to_json())

    def close(self) -> None:
        self._connection.release()


def eventually(condition: Callable[[], bool], timeout_s: float = 120.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False
