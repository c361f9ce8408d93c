"""The options for this process. Celery imports this module when the application is first used, not before."""

from __future__ import annotations

from grader.tasks.app import settings
from grader.tasks.config import options

OPTIONS = options(settings())
