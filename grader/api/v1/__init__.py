"""The API, version 1."""

from grader.api.v1.documents import describe
from grader.api.v1.routes import api

__all__ = ["api", "describe"]
