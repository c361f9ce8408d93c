"""`gunicorn --logger-class telemetry.gunicorn_logs.Logger`: its own lines in the form of all others."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from telemetry import logs


class Logger(GunicornLogger):  # type: ignore[misc]
    def setup(self, cfg: Any) -> None:
        """The access log stays off: the application writes a line for each request, without its query."""
        super().setup(cfg)
        logs.configure("web")
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
