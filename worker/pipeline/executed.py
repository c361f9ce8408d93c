"""The notebook as it was executed, with its outputs, for the student and the staff to look at."""

from __future__ import annotations

import json
from typing import Any

from worker.contract import MAX_EXECUTED_BYTES


def written(notebook: Any) -> bytes:
    """The file; empty where it would be larger than the service takes: a result without it is still a result."""
    data = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")
    return data if len(data) <= MAX_EXECUTED_BYTES else b""
