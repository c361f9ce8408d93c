"""`celery -A grader.tasks.app worker`: the recorder."""

from __future__ import annotations

from functools import lru_cache

from celery import Celery

from grader.settings import Settings
from grader.wiring import Backend
from telemetry import celery_logs


@lru_cache(maxsize=1)
def settings() -> Settings:
    return Settings.load()


@lru_cache(maxsize=1)
def backend() -> Backend:
    """This process's connections, made on first use: after the fork, where there is one."""
    return Backend.connect(settings())


celery_logs.connect("recorder")
app = Celery("grader", set_as_current=False)
app.config_from_object("grader.tasks.configured:OPTIONS")
