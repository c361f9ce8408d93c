"""The one Backend of this process, as views reach it."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from grader.settings import Settings
from grader.wiring import Backend

KEY = "grader.backend"


def attach(app: Flask, backend: Backend) -> None:
    app.extensions[KEY] = backend


def backend() -> Backend:
    return cast(Backend, current_app.extensions[KEY])


def settings() -> Settings:
    return backend().settings
