"""The API, version 1."""

from grader.api.v1 import grades, policies  # noqa: F401 - each adds its operations
from grader.api.v1.documents import describe
from grader.api.v1.routes import api
from grader.api.v1.teaching import __all__ as _teaching  # noqa: F401 - adds its operations

__all__ = ["api", "describe"]
