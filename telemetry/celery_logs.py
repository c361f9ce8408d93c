"""Celery's processes log as the others do, instead of in Celery's own form."""

from __future__ import annotations

import logging
from typing import Any

from celery.signals import setup_logging

from telemetry import logs

_kept: list[Any] = []  # Celery holds its receivers weakly


def connect(process: str) -> None:
    def set_up(loglevel: int | str | None = None, **_: Any) -> None:
        logs.configure(process, loglevel or logging.INFO)

    _kept.append(set_up)
    setup_logging.connect(set_up)
